"""Tests on a throw-away embedded server."""
