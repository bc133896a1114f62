"""Edits of catalogs: their YAML changed in place, with versions and a history beside it."""
