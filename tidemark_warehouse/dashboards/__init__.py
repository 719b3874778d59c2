"""Dashboards over the marts, in a browser on this machine: `tidemark dashboards`.

Built with Vizro out of the sections of `tidemark_warehouse.reporting`, which the static report
shows as well: this package holds no chart and no query.
"""
