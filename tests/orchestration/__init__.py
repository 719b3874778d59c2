"""Dagster: the definitions, builds, the sensor, the guard, `tidemark dev`."""
