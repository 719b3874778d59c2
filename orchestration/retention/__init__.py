"""Retention: what leaves raw, where it goes, and how it comes back.

`policy` reads what analysts wrote, `plan` says what it means today, `apply` does it, `restore`
undoes it.
"""
