"""Write the table of engines in docs/add-an-engine.md, from reports of quick runs.

tapegrad conformance mlx --quick --json mlx.json      # and so for each engine
python tests/conformance/engines.py mlx.json dask.json

A report replaces its engine's row; the other rows stay as the page has them.
"""

import sys
from pathlib import Path

from tests.conformance.page import is_whole, read

PAGE = Path(__file__).parents[2] / "docs" / "add-an-engine.md"
BEGIN, END = "<!-- from tests/conformance/engines.py -->\n", "<!-- end of engines -->"
HEAD = "| engine | version | judged | passed | failed | declared, or not judged | on the host |"
EXPECTED = "expected to fail: "


def row(report):
    """What was judged of an engine, what it passes, what its plug-in declares, and what the host computes for it."""
    ops = len(report["ops"])
    declared = {name: why for name, why in report["lacks"].items() if not report["on_the_host"].count(name)}
    told = [f"no {name}: {why}" for name, why in declared.items()]
    others = {why: count for why, count in report["skipped"].items() if why.rpartition(" ")[2] not in declared}
    told += [f"{count:,}: {why.removeprefix(EXPECTED)}" for why, count in others.items()]
    cells = [
        f"`{report['backend']}`",
        report["version"],
        "all" if is_whole(report) else f"{ops} ops",
        f"{report['checks'] - report['failed']:,}",
        f"{report['failed']:,}",
        "; ".join(told),
        f"{len(report['on_the_host'])} functions" if report["on_the_host"] else "",
    ]
    return f"| {' | '.join(cells)} |"


def page(text, reports):
    """The page with the rows of these reports in its table."""
    before, _, rest = text.partition(BEGIN)
    table, _, behind = rest.partition(END)
    rows = {line.split("|")[1].strip(): line for line in table.splitlines()[2:]}
    rows |= {f"`{report['backend']}`": row(report) for report in reports}
    lines = [HEAD, "|" + "---|" * (HEAD.count("|") - 1), *(rows[name] for name in sorted(rows))]
    return before + BEGIN + "\n".join(lines) + "\n" + END + behind


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8"), map(read, sys.argv[1:])), encoding="utf-8")
