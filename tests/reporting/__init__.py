"""The report: what its charts and its page do."""
