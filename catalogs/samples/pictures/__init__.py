"""The pictures of the demo catalog, painted from nothing but numbers."""
