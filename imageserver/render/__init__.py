"""Layout → bytes; the only package that imports the imaging libraries."""
