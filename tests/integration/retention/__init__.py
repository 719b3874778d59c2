"""Retention, archive and restore, on the session's server."""
