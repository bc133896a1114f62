"""The editing API at `/admin/v1`: catalogs, records, files and revisions over HTTP."""
