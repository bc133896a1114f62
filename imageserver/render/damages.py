"""What the libraries raise for files that they cannot read; they do not tell all of it."""

from __future__ import annotations

import struct
import zlib

from PIL import Image as Pillow

from imageserver.render.engine import Error

DAMAGES = (
    Error,
    Pillow.DecompressionBombError,
    struct.error,
    zlib.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What says that a file is damaged, when it is raised by who reads one; too little memory is another matter."""
