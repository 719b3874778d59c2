"""Databases to show: a company with two environments, and two kinds of nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from psycopg import sql
from vizro import Vizro

from tests.integration.dashboards.browser import Tab, executable, tab
from tests.integration.dashboards.pages import dashboards
from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.database import server
from tidemark_warehouse.database.server.bootstrap import (
    administrator,
    close_database,
    create_database,
)
from tidemark_warehouse.settings import Settings

# Ten times as many of everything in an environment that the simulated company does not have.
STAGING = (
    """
    insert into marts.daily_active_users
    select date, 'staging', user_count * 10, wau * 10, mau * 10, stickiness, new_users * 10,
        returning_users * 10
    from marts.daily_active_users where environment = 'production'
    """,
    *(
        f"""
        insert into marts.event_counts_{grain}
            (bucket_start, environment, event_name, date, event_count, unique_users)
        select bucket_start, 'staging', event_name, date, event_count * 10, unique_users * 10
        from marts.event_counts_{grain} where environment = 'production'
        """
        for grain in ("daily", "weekly", "monthly")
    ),
    """
    insert into marts.session_stats
    select date, 'staging', sessions * 10, users * 10, total_events * 10,
        total_duration_seconds * 10, avg_duration_seconds, median_duration_seconds * 10,
        bounces * 10, bounce_rate, events_per_session
    from marts.session_stats where environment = 'production'
    """,
)


def copy(company: Warehouse, database: str, statements: tuple[str, ...]) -> Settings:
    """Copy a company's database, and change the copy."""
    settings = replace(company.settings, database=database)
    with administrator(settings) as admin:
        create_database(admin, settings, template=company.settings.database)
        close_database(admin, settings.database)
    with server.connect(settings, autocommit=True) as owner:
        for statement in statements:
            owner.execute(statement.encode())
    return settings


@pytest.fixture(scope="session")
def two_environments(company: Warehouse) -> Settings:
    """Name a database of a company that has a second environment."""
    return copy(company, "two_environments", STAGING)


@pytest.fixture(scope="session")
def without_rows(company: Warehouse) -> Settings:
    """Name a database whose marts are there, and empty."""
    marts = [name for name, _, _ in company.tables() if name.startswith("marts")]
    truncate = sql.SQL("truncate {}").format(
        sql.SQL(", ").join(sql.Identifier(*name.split(".")) for name in marts)
    )
    return copy(company, "without_rows", (truncate.as_string(),))


@pytest.fixture(scope="module")
def browser() -> Iterator[Tab]:
    """Open a browser, with a page that is shared."""
    found = executable()
    assert found
    with tab(found) as opened:
        yield opened


@pytest.fixture(scope="module")
def full(two_environments: Settings) -> Iterator[str]:
    """Show the company with two environments; yields where."""
    with dashboards(two_environments, "--people") as address:
        yield address


@pytest.fixture
def _fresh_vizro() -> Iterator[None]:
    """Forget the pages of other tests: Vizro keeps all that were made in a process."""
    Vizro._reset()
    yield
    Vizro._reset()
