"""`python -m imageserver` is the command `imageserver`."""

import sys

from imageserver.tools.cli import main

if __name__ == "__main__":
    sys.exit(main())
