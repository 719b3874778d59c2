"""One static page of charts over the marts: `tidemark report`.

`sections.SECTIONS` is the list of what stands on the page; a new chart is a new entry there.
"""
