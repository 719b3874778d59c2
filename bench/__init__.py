"""`make bench`: what builds, loads and reads cost at real size, beside hand-written SQL.

Everything of a run happens on one server, one after the other, so that its ratios hold on any
machine; seconds hold on the machine that docs/benchmarks.md names. Each area has a module with a
function `measure(arena)` that yields figures; `AREAS` in `bench.__main__` lists them.
"""
