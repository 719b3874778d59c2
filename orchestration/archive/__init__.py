"""Raw rows that retention has taken out of the database, as Parquet files that anybody can read.

It knows nothing of policy: what is archived, in which order rows then leave the database, and what
the database remembers of a file, is decided elsewhere. docs/archive.md describes the folder.
"""
