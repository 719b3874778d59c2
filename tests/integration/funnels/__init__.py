"""Funnels and retention: against a reference in plain Python, and what analysts meet."""
