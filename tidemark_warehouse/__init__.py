"""Everything of Tidemark that is neither SQL nor Dagster: database, loading, commands."""
