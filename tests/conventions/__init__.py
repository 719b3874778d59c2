"""What can be said of the dbt project without a database, from its manifest and its files."""
