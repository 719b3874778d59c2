"""The command `tidemark`."""
