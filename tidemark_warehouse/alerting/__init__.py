"""Telling people of alerts: what is due, to whom, and whether they have it."""
