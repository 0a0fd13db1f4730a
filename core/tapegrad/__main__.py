"""`tapegrad`, and `python -m tapegrad`: the way in to the command line, whose libraries are an extra."""

from __future__ import annotations

from .extras import missing_extra

__all__ = ["main"]


def main() -> None:
    """Run the command line; without its libraries, say in one line which extra has them, and exit with status 1."""
    try:
        from .tools.cli import app
    except ModuleNotFoundError as cause:
        library = (cause.name or "").partition(".")[0]
        if library not in ("typer", "rich"):
            raise
        raise SystemExit(str(missing_extra("tapegrad: the command line", library, "cli"))) from cause
    app()


if __name__ == "__main__":
    main()
