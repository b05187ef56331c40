"""`python -m benchmarks`: see networks.py. What processes of their own run must not be in this module."""

from __future__ import annotations

import sys

from benchmarks.networks import main
from boardproof.errors import BoardproofError

if __name__ == "__main__":
    try:
        sys.exit(main())
    except BoardproofError as error:
        sys.exit(f"{error.message}\n{error.details}\n{error.hint}")
