"""Request → Plan: what a request means, with every default filled in."""
