"""What the libraries raise for files that they cannot read; they do not tell all of it."""

from __future__ import annotations

import errno
import struct
import zlib
from pathlib import Path

from PIL import Image as Pillow

from imageserver.errors import BadSource, Unread
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

FAULTS = {
    errno.EIO: "the disk fails",
    errno.ESTALE: "the file system has lost it",
    errno.ETIMEDOUT: "the file system does not answer",
    errno.EACCES: "the server may not read it",
    errno.EPERM: "the server may not read it",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
    errno.ENOMEM: "there is no memory left",
}
"""What the system says when it does not give a file; of a damaged one it says others, of places that are not in it."""


def unreadable(path: Path, error: OSError) -> BadSource:
    """Make the error of a file from what reading it met: a fault of the system, or of the file itself."""
    if error.errno in FAULTS:
        return Unread(path.name, FAULTS[error.errno], str(path))
    return BadSource(path.name, "it cannot be opened", str(path))
