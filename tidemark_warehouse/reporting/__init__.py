"""The charts over the marts, and one static page of them: `tidemark report`.

`sections.PAGES` is the list of what stands on which page; a new chart is a new entry there. The
dashboards (package `dashboards`) draw the same sections, with dates and other choices beside them.
"""
