"""The archive of raw rows: files, manifests, damage, and rows that come back as they were."""
