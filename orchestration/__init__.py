"""Dagster and nothing else: definitions, assets, checks, sensors, schedules, resources."""
