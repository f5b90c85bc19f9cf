"""What commands that hurt a fleet take and print alike."""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path


def create_parser(description: str | None, directory: str) -> argparse.ArgumentParser:
    """Make a parser for what each of them takes.

    Args:
        description: The command's own words.
        directory: Where it writes, unless it is told to write elsewhere.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seed", default=str(random.randrange(10**9)))
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--directory", type=Path, default=Path(directory))
    return parser


def say(words: str) -> None:
    """Print a line with the time of day."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {words}\n")
    sys.stdout.flush()
