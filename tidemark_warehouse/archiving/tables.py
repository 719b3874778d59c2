"""What the archive has to know of a table: its columns, its key, its time."""

from __future__ import annotations

from dataclasses import dataclass

from tidemark_warehouse.database import catalog


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: as in the database.
        type: as PostgreSQL writes it, e.g. `timestamp with time zone`.
    """

    name: str
    type: str


@dataclass(frozen=True)
class ArchivedTable:
    """A table whose rows go into the archive.

    Attributes:
        name: without the schema.
        columns: those that are kept, in order. Columns of the engine (`_xid`) are not: a row that
            comes back is new.
        key: the primary key's columns.
        time_column: what a period is a period of.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    time_column: str

    @classmethod
    def of(cls, table: catalog.Table, time_column: str | None = None) -> ArchivedTable:
        """Describe a raw table.

        Args:
            table: as the catalog describes it.
            time_column: needed for a mutable table, which is not partitioned by a time.
        """
        chosen = time_column or table.time_column
        if chosen is None:
            raise ValueError(f"{table.name} has no time of its own")
        columns = tuple(Column(column.name, column.type) for column in table.columns.values())
        return cls(table.name, columns, table.key, chosen)
