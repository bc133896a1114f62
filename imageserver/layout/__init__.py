"""Plan → Layout: how many pixels go where."""
