"""4D's REST server: records of catalogs as entities, with stamps, entity sets, and pictures by `$version`."""
