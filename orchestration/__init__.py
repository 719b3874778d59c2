"""Everything of Tidemark that is not SQL: the embedded server, loading, the command line, Dagster."""
