"""Who writes which format: a module each, or one for formats that a library writes alike."""
