"""Everything of Tidemark that is not SQL: server, loading, command line, Dagster."""
