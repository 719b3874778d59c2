"""The dashboards: what the pages ask, and how they look in a browser."""
