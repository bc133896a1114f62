"""An image server that speaks the Image Serving protocol over catalogs written in YAML."""
