"""What was made once and may be needed again: bytes under a key that names them, in memory and on disk."""
