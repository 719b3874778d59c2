"""How long raw rows stay, where they go, and how they come back.

`policy` reads what analysts wrote, `plan` says what it means today, `apply` does it, `restore`
undoes it. The rest writes, verifies and reads the Parquet files, which anybody can read:
docs/archive.md describes their folder.
"""
