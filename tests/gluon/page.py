"""Writes the table of names in docs/migrate-from-mxnet.md from names.toml: run it as a program."""

import tomllib
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "migrate-from-mxnet.md"
MODULES = tomllib.loads((HERE / "names.toml").read_text(encoding="utf-8"))["module"]
BEGIN, END = "<!-- from tests/gluon/names.toml -->\n", "<!-- end of names -->"


def row(module):
    """A module's line: how many of its names are there, and which are missing, and why."""
    names = module["names"].split()
    missing = {why: listed.split() for why, listed in module.get("missing", {}).items()}
    count = len(names) - sum(map(len, missing.values()))
    words = "; ".join(f"{why}: {', '.join(f'`{name}`' for name in listed)}" for why, listed in missing.items())
    return f"| `{module['name']}` | {count} of {len(names)} | {words} |"


def page(text: str) -> str:
    """The page with its generated table made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, behind = rest.partition(END)
    table = ["| module | names | missing, and why |", "|---|---|---|", *map(row, MODULES)]
    return before + BEGIN + "\n".join(table) + "\n" + END + behind


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
