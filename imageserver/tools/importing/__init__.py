"""Catalogs in the reference's own file formats: read into YAML, and written from it."""
