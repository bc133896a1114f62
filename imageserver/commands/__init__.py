"""The commands of the protocol, each declared once."""
