"""Text → Request: what was written, and the grammars of the protocol's values."""
