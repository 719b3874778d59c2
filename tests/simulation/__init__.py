"""The simulated company, without a database."""
