"""`tapegrad`, and `python -m tapegrad`: the way in to the command line, whose libraries are an extra."""

from __future__ import annotations

import os
import sys

from .engines.extras import missing_extra

__all__ = ["main"]


def main() -> None:
    """Run the command line; without its libraries, say in one line which extra has them, and exit with status 1.

    A program for MXNet is run without them: `python -m tapegrad mxnet SCRIPT [ARGS]`.
    """
    if sys.argv[1:2] == ["mxnet"] and len(sys.argv) > 2 and not sys.argv[2].startswith("-"):
        from .mxnet import run

        run(sys.argv[2], sys.argv[3:])
        return
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
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        # The output is full or gone. Were it not sent elsewhere, Python would try once more at its exit, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(f"tapegrad: {error}") from None


if __name__ == "__main__":
    main()
