"""Write `docs/conformance-results.md`, the worst distances of every op on every engine, from reports of runs.

tapegrad conformance numpy --json numpy.json      # and so for each engine
python tests/conformance/page.py numpy.json strict.json jax.json

The report of a whole run replaces all that the page says of its engine. One of some ops (`--ops`) replaces their cells,
and the page lists them under its date; the other cells, and engines without a report, stay as the page has them.
"""

import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tapegrad.testing.conformance import counted, judged_names
from tapegrad.testing.judging import judged_ops

PAGE = Path(__file__).parents[2] / "docs" / "conformance-results.md"
DTYPES = {"float64": "f64", "float32": "f32", "complex128": "c128"}

HEAD = """# Accuracy: how far each engine is off

The worst distance of every op from the truth, over all samples of the conformance suite; [Reading a conformance
report](conformance.md) says what the classes and units are. The page is written by `tests/conformance/page.py` from
reports of [runs](#the-runs), which stand below with their dates, machines and versions.

Each cell is value | gradient, in ulps for I0 to I2, in ε/2 · Σ|terms| for I3, in ε · condition for I4; – where there is
nothing to measure, such as the gradient of a comparison. Ops of class I0 promise
NumPy's bits on every engine besides; each run says how many did not give them.
"""

RUNS = """
## The runs

A run of some ops alone names them; their figures for that engine are its, and all others those of the run above it:

{runs}
"""


@dataclass
class Results:
    """What the page says: the lines of the runs by engine, and the rows of the table by op."""

    runs: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, "Row"] = field(default_factory=dict)


@dataclass
class Row:
    """An op's class, how many samples it has, and its cells by engine and dtype."""

    accuracy: str
    samples: str
    cells: dict[tuple[str, str], str] = field(default_factory=dict)


def figure(distance):
    """A distance in two digits."""
    return (
        "–"
        if distance is None
        else "0"
        if distance == 0
        else f"{distance:.2g}"
        if distance < 100
        else f"{distance:.0f}"
    )


def cell(op, dtype):
    """What was measured of an op in a dtype: value and gradient."""
    pair = [figure(op[what].get(dtype)) for what in ("worst_value", "worst_gradient")]
    return "–" if pair == ["–", "–"] else f"{pair[0]} \\| {pair[1]}"


def is_whole(report):
    """Whether a report is of everything that is judged."""
    return set(judged_names()) <= set(report["ops"])


def run_line(report):
    """What was run, when and where, and how many checks failed."""
    functions = sum(op["kind"] == "function" for op in report["ops"].values())
    what = f"{counted(report['checks'], 'check')} on {counted(len(report['ops']) - functions, 'op')}"
    what += f" and {counted(functions, 'function')}" if functions else ""
    what += "" if is_whole(report) else f" alone ({', '.join(f'`{name}`' for name in sorted(report['ops']))})"
    bits = [op for op in report["ops"].values() if op["class"] == "I0"]
    differ = sum(failure["id"].endswith(":bitwise") for op in bits for failure in op["failures"])
    return (
        f"* {report['date']}, **{report['backend']}** {report['version']} with NumPy {report['numpy']} on "
        f"{report['machine']} under {report['system']}, CPython {report['python']}: {what}, "
        f"{report['failed']:,} failed; {counted(len(bits), 'op')} of class I0, {differ} with other bits than NumPy's."
    )


def add(results, report):
    """Put a report into the results, in place of what they said of the same ops on its engine."""
    engine = report["backend"]
    if is_whole(report):
        results.runs[engine] = []
        for row in results.rows.values():
            row.cells = {column: text for column, text in row.cells.items() if column[0] != engine}
    results.runs.setdefault(engine, []).append(run_line(report))
    for name, op in report["ops"].items():
        if op["kind"] != "function":
            row = results.rows.setdefault(name, Row("", ""))
            row.accuracy, row.samples = op["class"], str(op["samples"])
            row.cells |= {(engine, dtype): cell(op, dtype) for dtype in DTYPES}


def as_page(results):
    """The page as text: a row for each op that there still is, the engines in the order of their first runs."""
    columns = [(engine, dtype) for dtype in DTYPES for engine in results.runs]
    head = ["op", "class", "samples", *(f"{engine} {DTYPES[dtype]}" for engine, dtype in columns)]
    runs = "\n".join(line for lines in results.runs.values() for line in lines)
    lines = [HEAD, "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for name, row in sorted(results.rows.items()):
        if name in judged_ops():
            cells = [row.cells.get(column, "–") for column in columns]
            lines.append("| " + " | ".join([f"`{name}`", row.accuracy, row.samples, *cells]) + " |")
    return "\n".join([*lines, RUNS.format(runs=runs)])


def of_page(text):
    """The results that a page shows."""
    results = Results()
    for line in re.findall(r"^\* .*", text, re.M):
        results.runs.setdefault(re.search(r"\*\*(\w+)\*\*", line)[1], []).append(line)
    table = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    dtypes = {short: dtype for dtype, short in DTYPES.items()}
    columns = [(engine, dtypes[short]) for engine, short in (title.split() for title in table[0][3:])] if table else []
    for name, accuracy, samples, *cells in table[1:]:
        results.rows[name.strip("`")] = Row(accuracy, samples, dict(zip(columns, cells, strict=True)))
    return results


def read(path):
    """The report in a file: the command writes a list of them, pytest the one."""
    found = json.loads(Path(path).read_text("utf-8"))
    return found[0] if isinstance(found, list) else found


if __name__ == "__main__":
    everything = of_page(PAGE.read_text("utf-8"))
    for path in sys.argv[1:]:
        add(everything, read(path))
    PAGE.write_text(as_page(everything), encoding="utf-8")
