"""The database: the server, the schema and the functions that are installed in it."""
