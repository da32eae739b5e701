"""Errors on stderr, one line each."""

import sys


def complain(message: str) -> int:
    """Print an error; gives the exit status 1."""
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return 1
