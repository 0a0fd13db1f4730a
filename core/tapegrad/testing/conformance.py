"""The verdict on an engine: every law on every op, gathered into a table, a page and a file."""

from __future__ import annotations

import datetime
import html
import platform
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from ..engines.backend import Backend
from ..engines.registry import get_backend
from .accuracy_classes import accuracy_class
from .functions import FUNCTIONS, calls_of
from .generate import samples_of
from .judging import (
    DTYPES,
    Check,
    chosen_names,
    judge_call,
    judge_errors,
    judge_sample,
    judged_ops,
    quick_dtypes,
    quick_samples,
)

__all__ = ["Conformance", "OpVerdict", "as_page", "backend_conformance", "counted", "judge_op", "judged_names"]

UNITS = {
    "I0": "ulps",
    "I1": "ulps",
    "I2": "ulps",
    "I3": "ε/2 · Σ|terms|",
    "I4": "ε · condition",
}
"""In what the distances of a class are measured."""


def counted(count: int, noun: str) -> str:
    """So many of something, in words: "1 op", "2,000 checks"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


@dataclass(slots=True)
class OpVerdict:
    """What was found of one op: its class, the samples and checks, and the worst distances by dtype.

    A function that is composed of ops has a verdict too, with neither class nor distances.
    """

    op: str
    accuracy: str
    kind: str
    samples: set[str] = field(default_factory=set)
    checks: int = 0
    value: dict[str, float] = field(default_factory=dict)
    gradient: dict[str, float] = field(default_factory=dict)
    failures: list[Check] = field(default_factory=list)
    skipped: int = 0


@dataclass(slots=True)
class Conformance:
    """What was found of an engine, op by op."""

    backend: str
    version: str
    ops: dict[str, OpVerdict]
    fallbacks: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, backend: str, checks: Iterable[Check]) -> Conformance:
        """Gather checks into verdicts."""
        from ..op.batching import FALLBACKS

        registered = judged_ops()
        engine = get_backend(backend)
        found: dict[str, OpVerdict] = {}
        skipped: Counter[str] = Counter()
        for check in checks:
            op = registered.get(check.op)
            accuracy, kind = ("", "function") if op is None else (accuracy_class(op, engine).name, op.kind.name)
            verdict = found.setdefault(check.op, OpVerdict(check.op, accuracy, kind))
            if check.skipped:
                verdict.skipped += 1
                skipped[check.skipped] += 1
                continue
            verdict.checks += 1
            if check.law != "error":
                verdict.samples.add(check.sample)
            if check.failed:
                verdict.failures.append(check)
            if check.distance is not None:
                table = verdict.value if check.law == "accurate value" else verdict.gradient
                table[check.dtype] = max(table.get(check.dtype, 0.0), check.distance)
        return cls(backend, get_backend(backend).version(), found, sorted(FALLBACKS), dict(skipped))

    @property
    def checks(self) -> int:
        """How many checks there were."""
        return sum(verdict.checks for verdict in self.ops.values())

    @property
    def failures(self) -> list[Check]:
        """The checks that failed."""
        return [check for verdict in self.ops.values() for check in verdict.failures]

    def summary(self) -> str:
        """What was done, how many checks failed, and how many need what is not installed: a line for each reason."""
        kinds = Counter(verdict.kind == "function" for verdict in self.ops.values() if verdict.checks)
        ops = counted(kinds[False], "op") + (
            f" and {counted(kinds[True], 'function')} composed of them" if kinds[True] else ""
        )
        checks = f"{counted(self.checks, 'check')} on {ops}, {len(self.failures):,} failed"
        skipped = [f"{counted(count, 'check')} skipped: {reason}" for reason, count in self.skipped.items()]
        return "\n".join([f"{self.backend} {self.version}: {checks}", *skipped])

    def as_json(self) -> dict[str, Any]:
        """Everything, in plain Python types."""
        engine = get_backend(self.backend)
        return {
            "backend": self.backend,
            "version": self.version,
            "numpy": np.__version__,
            "machine": platform.machine(),
            "system": platform.system(),
            "python": platform.python_version(),
            "date": datetime.date.today().isoformat(),
            "checks": self.checks,
            "failed": len(self.failures),
            "skipped": self.skipped,
            "batched_by_a_loop": self.fallbacks,
            "lacks": dict(engine.lacks),
            "on_the_host": list(engine.missing()),
            "ops": {
                name: {
                    "class": verdict.accuracy,
                    "kind": verdict.kind,
                    "unit": UNITS.get(verdict.accuracy, ""),
                    "samples": len(verdict.samples),
                    "checks": verdict.checks,
                    "skipped": verdict.skipped,
                    "worst_value": verdict.value,
                    "worst_gradient": verdict.gradient,
                    "failures": [{"id": check.id, "message": check.message} for check in verdict.failures],
                }
                for name, verdict in sorted(self.ops.items())
            },
        }


def judged_names() -> list[str]:
    """Everything that is judged: the ops, and the public functions that are composed of them."""
    return [*judged_ops(), *FUNCTIONS]


def judge_op(
    backend: str, name: str, quick: bool = False, dtypes: Sequence[str] | None = None, laws: Sequence[str] = ()
) -> list[Check]:
    """Every check of one op, or of a function of `FUNCTIONS`; what a worker process is given to do."""
    engine = get_backend(backend)
    found: list[Check] = []
    chosen = dtypes or (quick_dtypes(engine) if quick else DTYPES)
    if name in FUNCTIONS:
        for call in calls_of(name)[: 1 if quick else None]:
            found += judge_call(engine, call, chosen, laws)
        return expected(engine, found)
    op = judged_ops()[name]
    for sample in quick_samples(op) if quick else samples_of(op):
        found += judge_sample(engine, op, sample, chosen, quick=quick, laws=laws)
    return expected(engine, found if laws else [*found, *judge_errors(engine, op)])


def expected(engine: Backend, checks: Iterable[Check]) -> list[Check]:
    """The checks, those that fail as the engine's `xfails` say counted as left out, with the reason."""
    return [
        replace(check, skipped=f"expected to fail: {engine.xfails[check.sample]}")
        if check.failed and check.sample in engine.xfails
        else check
        for check in checks
    ]


def backend_conformance(
    backend: str,
    *,
    quick: bool = False,
    ops: Sequence[str] | None = None,
    dtypes: Sequence[str] | None = None,
    laws: Sequence[str] = (),
    progress: Callable[[str], Any] | None = None,
) -> Conformance:
    """Judge an engine by every law on every op, and say what was found; nothing is raised for a failed check.

    `backend`: its name; `ops`: only these; `dtypes`: only these; `quick`: two samples an op, in one dtype.
    `laws`: only these, among them "compiled", which is tried when it is named only.
    `progress` is called with the name of each op that is done. What the engine's `xfails` name is
    left out where it fails, and counted with the reason.

    `tapegrad conformance NAME` does the same on the command line.

    Shapes: those of the samples.

    Dtypes: those that the engine has, unless named.

    Raises: `UnknownBackendError` or `BackendUnavailableError` for an engine that cannot be had, `ArgumentError` for an
    op that is not there.

    >>> backend_conformance("numpy", quick=True, ops=["add"]).failures
    []
    """
    checks: list[Check] = []
    get_backend(backend)
    for name in chosen_names(ops, judged_names()):
        checks += judge_op(backend, name, quick, dtypes, laws)
        if progress is not None:
            progress(name)
    return Conformance.of(backend, checks)


_STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --paper: #fff; --line: #d8dbe0; --soft: #f4f5f7; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --paper: #17191c; --line: #33373d; --soft: #202327; --bad: #ff8a80; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
       padding: 0 1rem; max-width: 76rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { padding: .15rem .55rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { position: sticky; top: 0; background: var(--paper); } th:first-child, td:first-child { text-align: left; }
td.cell { color: #111; border: 1px solid var(--paper); min-width: 3.2rem; text-align: center; }
td.none { color: var(--line); text-align: center; }
.bad { color: var(--bad); font-weight: 600; } details { border-bottom: 1px solid var(--line); padding: .3rem 0; }
pre { white-space: pre-wrap; background: var(--soft); padding: .6rem .8rem; border-radius: .3rem; font-size: 12.5px; }
.key span { display: inline-block; padding: .1rem .6rem; color: #111; font-size: 12.5px; }
"""

_ALIKE = re.compile(r"[-+\d.][-+\d.e,]*|\binf\b|\bnan\b")
"""Numbers, in which failures of one kind differ."""

_FILTER = """<p><input type="search" placeholder="ops whose name has …" oninput="only()" id="name">
<label><input type="checkbox" onchange="only()" id="failed"> only what failed</label></p>
<script>function only() {
  const name = document.getElementById("name").value, failed = document.getElementById("failed").checked;
  for (const row of document.querySelectorAll("tbody tr"))
    row.hidden = !row.cells[0].textContent.includes(name) || (failed && row.cells[4].textContent === "0");
}</script>"""

_SHADES = (
    (0, "#e7f1e4"),
    (0.5, "#cfe5c8"),
    (1, "#b5d8a9"),
    (2, "#dfe39a"),
    (4, "#f3dc83"),
    (8, "#f2b56b"),
    (32, "#e88d5e"),
)


def _shade(distance: float) -> str:
    found = _SHADES[0][1]
    for bound, colour in _SHADES:
        if distance > bound:
            found = colour
    return found


def _figure(distance: float) -> str:
    return "0" if distance == 0 else f"{distance:.2g}" if distance < 100 else f"{distance:.0f}"


def as_page(verdicts: Sequence[Conformance]) -> str:
    """A page: every failure with the case that shows it, and the heat map of worst distances, engine × op."""
    columns = []
    for verdict in verdicts:
        for what in ("value", "gradient"):
            present = {dtype for op in verdict.ops.values() for dtype in getattr(op, what)}
            columns += [(verdict, what, dtype) for dtype in DTYPES if dtype in present]
    names = sorted(
        {
            name
            for verdict in verdicts
            for name, op in verdict.ops.items()
            if op.checks and (op.kind != "function" or op.failures)
        }
    )
    head = "".join(f"<th>{html.escape(v.backend)}<br>{what}<br>{dtype}</th>" for v, what, dtype in columns)
    rows = []
    for name in names:
        some = next(v.ops[name] for v in verdicts if name in v.ops)
        cells = []
        for verdict, what, dtype in columns:
            op = verdict.ops.get(name)
            distance = getattr(op, what).get(dtype) if op is not None else None
            if distance is None:
                cells.append('<td class="none">·</td>')
            else:
                cells.append(f'<td class="cell" style="background:{_shade(distance)}">{_figure(distance)}</td>')
        failed = sum(len(v.ops[name].failures) for v in verdicts if name in v.ops)
        checks = sum(v.ops[name].checks for v in verdicts if name in v.ops)
        mark = f'<td class="bad">{failed}</td>' if failed else "<td>0</td>"
        rows.append(
            f"<tr><td>{html.escape(name)}</td><td>{some.accuracy}</td><td>{len(some.samples)}</td>"
            f"<td>{checks:,}</td>{mark}{''.join(cells)}</tr>"
        )
    failures: dict[tuple[str, str], list[Check]] = {}
    for verdict in verdicts:
        for check in verdict.failures:
            failures.setdefault((verdict.backend, _ALIKE.sub("#", check.message)), []).append(check)
    summary = "<br>".join(html.escape(line) for v in verdicts for line in v.summary().splitlines())
    units = "; ".join(f"{name}: {unit}" for name, unit in UNITS.items())
    key = "".join(
        f'<span style="background:{colour}">{f"&gt; {bound:g}" if bound else "up to 0.5"}</span>'
        for bound, colour in _SHADES
    )
    title = f"Conformance of {', '.join(html.escape(v.backend) for v in verdicts)}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><h1>{title}</h1>'
        f"<p>{summary}<br>{_where()}</p>{_failures(failures)}<h2>Distances</h2>"
        f"<p>The worst distance from the truth in each class's unit ({units}), over all samples; "
        f"<code>·</code> where there is none.</p><p class='key'>{key}</p>"
        f"{_FILTER}<div class='scroll'><table><thead><tr>"
        f"<th>op</th><th>class</th><th>samples</th><th>checks</th><th>failed</th>"
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></body></html>\n"
    )


def _where() -> str:
    """When and on what the checks were run."""
    python = f"CPython {platform.python_version()} on {platform.system()} {platform.machine()}"
    return f"{datetime.date.today().isoformat()}, tapegrad {version('tapegrad')}, NumPy {np.__version__}, {python}"


def _failures(groups: Mapping[tuple[str, str], Sequence[Check]]) -> str:
    """What failed, before all else: failures that differ in numbers alone stand together, the first few are open."""
    told: list[str] = []
    for (backend, _), checks in sorted(groups.items(), key=lambda item: -len(item[1])):
        first, *others = checks
        more = f" and {len(others):,} like it" if others else ""
        ids = f"<p>{html.escape(', '.join(check.id for check in others))}</p>" if others else ""
        told.append(
            f"<details{' open' * (len(told) < 3)}><summary>{html.escape(f'{backend}-{first.id}{more}')}</summary>"
            f"<pre>{html.escape(first.message)}</pre>{ids}</details>"
        )
    count = sum(map(len, groups.values()))
    return f"<h2>{count:,} failures</h2>{''.join(told)}" if told else ""
