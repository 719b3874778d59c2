"""Reading files and mapping them to tables, without a database."""
