"""Tests of the package `http` that need no database."""
