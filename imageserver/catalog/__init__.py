"""Image catalogs in YAML: read, validated, looked up, and reloaded when they change."""
