"""The seeds that analysts edit: read as files, and checked by the rules of their yml."""

from tidemark_warehouse.seeds.checking import check, refuse_wrong
from tidemark_warehouse.seeds.faults import Fault

__all__ = ["Fault", "check", "refuse_wrong"]
