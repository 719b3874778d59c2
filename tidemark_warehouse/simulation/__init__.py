"""A simulated company: deterministic rows for every raw table, for demonstrations and tests.

Everything is a pure function of a `World` (seed, size, first day). The modules of the areas yield
row versions with the moment at which each became known; `company` cuts them at a moment, and
`write` puts them into a database. So a company simulated to noon and continued to one o'clock
has the same rows as one simulated to one o'clock at once.
"""
