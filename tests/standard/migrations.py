"""Write the tables of `docs/migrate-from-*.md` from the words of the error messages: run it as a program."""

import re
from pathlib import Path

from tapegrad.arrays.foreign import libraries

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"JAX": "jax", "PyTorch": "pytorch", "HIPS/autograd": "autograd"}
BEGIN, END = "<!-- from core/tapegrad/arrays/foreign.txt -->\n", "<!-- end -->"


def path(library):
    """The page of a library."""
    return DOCS / f"migrate-from-{PAGES[library]}.md"


def row(keys, advice):
    """A line of a table."""
    names = [keys] if "(" in keys else keys.split()
    linked = re.sub(r"\b([a-z-]+)\.md\b", r"[\1](\1.md)", advice)
    return f"| {', '.join(f'`{name}`' for name in names)} | {linked} |"


def page(library, text):
    """The page with its table made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, behind = rest.partition(END)
    rows = [f"| {library} | here |", "|---|---|", *(row(*item) for item in libraries()[library].items())]
    return before + BEGIN + "\n".join(rows) + "\n" + END + behind


if __name__ == "__main__":
    for library in PAGES:
        path(library).write_text(page(library, path(library).read_text(encoding="utf-8")), encoding="utf-8")
