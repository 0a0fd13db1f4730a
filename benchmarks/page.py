"""The tables as a page of HTML, with a bar for each ratio and a line at its goal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from benchmarks.case import Goal
from benchmarks.measure import Row

STYLE = """body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 64em; padding: 0 1em }
table { border-collapse: collapse; margin: 1em 0 2em } td, th { padding: .2em .8em; text-align: right }
td:first-child, th:first-child, td:nth-child(2) { text-align: left } tr:nth-child(even) { background: #8881 }
.met { fill: #2a7 } .missed { fill: #c52 } .open { fill: #79b }
text { font: 13px system-ui, sans-serif; fill: currentColor }
line { stroke: currentColor }"""
WIDTH, LEFT, STEP = 900, 330, 22


def page(rows: Sequence[Row], titles: Mapping[str, str], around: Mapping[str, object]) -> str:
    """Everything measured: the ratios as bars on a logarithmic scale, then what each took."""
    heads = ["workload", "what", "unit", *titles.values()]
    lines = [
        [row.name, row.what, row.unit, *["–" if (x := row.figure(peer)) is None else f"{x:.3g}" for peer in titles]]
        for row in rows
    ]
    table = "\n".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in lines)
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    absent = "".join(
        f"<li>{escape(f'{row.name}, {titles.get(peer, peer)}: {reason}')}</li>"
        for row in rows
        for peer, reason in row.absent.items()
    )
    said = ", ".join(f"{name} {value}" for name, value in around.items())
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>tapegrad bench</title><style>{STYLE}</style>\n'
        f"<h1>tapegrad bench</h1><p>{escape(said)}</p>\n<h2>Ratios</h2><p>On a logarithmic scale; the long line is 1, "
        f"the short ones are goals: green where it is kept, red where it is not.</p>\n{bars(rows)}\n"
        f"<h2>Medians</h2><table><tr>{head}</tr>\n{table}</table>\n<ul>{absent}</ul></html>\n"
    )


def bars(rows: Sequence[Row]) -> str:
    """A bar for each ratio that was measured, as SVG."""
    found: list[tuple[str, float, Goal]] = [
        (f"{row.name}: {goal.title}", value, goal)
        for row in rows
        for goal in row.goals
        if goal.under is not None and (value := row.value(goal)) is not None and value > 0
    ]
    if not found:
        return "<p>No ratio was measured.</p>"
    sizes = [abs(math.log(x)) for _, value, goal in found for x in (value, goal.final or 1)]
    scale = (WIDTH - LEFT - 60) / 2 / max(*sizes, math.log(2))
    one = (WIDTH + LEFT - 60) / 2

    def place(value: float) -> float:
        return one + scale * math.log(value)

    marks = [f'<line x1="{one:.0f}" x2="{one:.0f}" y1="0" y2="{STEP * len(found)}"/>']
    for i, (name, value, goal) in enumerate(found):
        kept = goal.met(value, goal.final)
        cls = "open" if kept is None else "met" if kept else "missed"
        y, x = STEP * i, place(value)
        marks += [
            f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{cls}" x="{min(x, one):.1f}" y="{y + 4}" width="{max(abs(x - one), 1):.1f}" height="14"/>',
            f'<text x="{max(x, one) + 5:.1f}" y="{y + 15}">{value:.3g}</text>',
        ]
        if goal.final is not None:
            at = place(goal.final)
            marks.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{y + 1}" y2="{y + 21}" stroke-width="3"/>')
    return f'<svg viewBox="0 0 {WIDTH} {STEP * len(found)}" role="img">{"".join(marks)}</svg>'
