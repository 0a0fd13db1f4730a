"""Write `docs/conformance-results.md`, the worst distances of every op on every engine, from reports of whole runs.

tapegrad conformance numpy --json numpy.json      # and so for each engine
python tests/conformance/page.py numpy.json strict.json jax.json
"""

import json
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "conformance-results.md"
DTYPES = {"float64": "f64", "float32": "f32", "complex128": "c128"}

HEAD = """# How far each engine is off

The worst distance of every op from the truth, over all samples of the conformance suite; [Reading a conformance
report](conformance.md) says what the classes and units are. The page is written by `tests/conformance/page.py` from
reports of whole runs, on {machine}:

{runs}

Each cell is value | gradient, in ulps for I0 to I2, in ε/2 · Σ|terms| for I3, in ε · condition for I4; – where there is
nothing to measure, such as the gradient of a comparison. Ops of class I0 promise
NumPy's bits on every engine besides; each run above says how many did not give them.
"""


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


def run_line(report):
    """What was run, when, and how many checks failed."""
    functions = sum(op["kind"] == "function" for op in report["ops"].values())
    what = f"{report['checks']:,} checks on {len(report['ops']) - functions} ops"
    what += f" and {functions} functions" if functions else ""
    bits = [op for op in report["ops"].values() if op["class"] == "I0"]
    differ = sum(failure["id"].endswith(":bitwise") for op in bits for failure in op["failures"])
    return (
        f"* {report['date']}, **{report['backend']}** {report['version']} with NumPy {report['numpy']}: {what}, "
        f"{report['failed']:,} failed; {len(bits)} ops of class I0, {differ} with other bits than NumPy's."
    )


def page(reports):
    """The page as text."""
    runs = "\n".join(map(run_line, reports))
    machine = f"{reports[0]['machine']} under {reports[0]['system']}, CPython {reports[0]['python']}"
    columns = [(report, dtype) for dtype in DTYPES for report in reports]
    head = ["op", "class", "samples", *(f"{report['backend']} {DTYPES[dtype]}" for report, dtype in columns)]
    lines = [HEAD.format(machine=machine, runs=runs), "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for name in sorted({name for report in reports for name, op in report["ops"].items() if op["kind"] != "function"}):
        some = next(report["ops"][name] for report in reports if name in report["ops"])
        cells = []
        for report, dtype in columns:
            op = report["ops"].get(name, {"worst_value": {}, "worst_gradient": {}})
            pair = [figure(op[what].get(dtype)) for what in ("worst_value", "worst_gradient")]
            cells.append("–" if pair == ["–", "–"] else f"{pair[0]} \\| {pair[1]}")
        lines.append("| " + " | ".join([f"`{name}`", some["class"], str(some["samples"]), *cells]) + " |")
    return "\n".join(lines) + "\n"


def read(path):
    """The report in a file: the command writes a list of them, pytest the one."""
    found = json.loads(Path(path).read_text("utf-8"))
    return found[0] if isinstance(found, list) else found


if __name__ == "__main__":
    PAGE.write_text(page([read(path) for path in sys.argv[1:]]), encoding="utf-8")
