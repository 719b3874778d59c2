"""Running dbt: the guard that ends it with its parent, and the manifest it parses."""
