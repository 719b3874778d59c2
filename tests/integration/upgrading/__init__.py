"""A warehouse of an earlier release, and what becomes of it."""
