"""Writes the table of differences in docs/migrate-from-mxnet.md from differences.toml: run it as a program."""

import tomllib
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "migrate-from-mxnet.md"
ROWS = tomllib.loads((HERE / "differences.toml").read_text(encoding="utf-8"))["row"]
BEGIN, END = "<!-- from tests/mxnet/differences.toml -->\n", "<!-- end -->"


def page(text: str) -> str:
    """The page with its generated table made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, behind = rest.partition(END)
    table = ["| MXNet 1.9.1 | tapegrad |", "|---|---|", *(f"| {row['mxnet']} | {row['here']} |" for row in ROWS)]
    return before + BEGIN + "\n".join(table) + "\n" + END + behind


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
