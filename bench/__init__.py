"""Measures our server beside its peers and beside the plainest programs that do the same work; only ratios count."""
