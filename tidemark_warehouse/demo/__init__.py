"""What `tidemark demo` does. What it says stands in `tidemark_warehouse.cli.demo`."""
