"""Other front doors to the same catalogs, a folder each: URL languages that become native requests."""
