"""What `tidemark demo` does. What it says while it does so stands in `orchestration.cli.demo`."""
