"""Cloudinary: its delivery URLs, its Upload API and its Admin API, over our catalogs."""
