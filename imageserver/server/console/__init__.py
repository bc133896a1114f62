"""The console at `/console`: pages on which people look after the catalogs, for those who have a token."""
