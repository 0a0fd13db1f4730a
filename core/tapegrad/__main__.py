"""`tapegrad`, and `python -m tapegrad`: the way in to the command line, whose libraries are an extra."""

from __future__ import annotations

import os
import sys

from .extras import missing_extra

__all__ = ["main"]


def main() -> None:
    """Run the command line; without its libraries, say in one line which extra has them, and exit with status 1."""
    try:
        from .tools.cli import app
    except ModuleNotFoundError as cause:
        library = (cause.name or "").partition(".")[0]
        if library not in ("typer", "rich", "pygments"):  # the last is what rich colours code with
            raise
        raise SystemExit(str(missing_extra("tapegrad: the command line", library, "cli"))) from cause
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except OSError as error:  # a disk that is full, a file that cannot be written
        # What could not be written would be tried again, and told again, when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(f"tapegrad: {error}") from None


if __name__ == "__main__":
    main()
