"""The page of results lists every op with its class, and no failure."""

import re

from tapegrad.testing.accuracy_classes import accuracy_class
from tapegrad.testing.judging import judged_ops
from tests.conformance.page import PAGE


def test_the_page_of_results_lists_every_op():
    text = PAGE.read_text("utf-8")
    rows = {
        cells[1].strip(" `"): cells[2].strip()
        for cells in (line.split("|") for line in text.splitlines())
        if len(cells) > 4
    }
    ops = {
        name: accuracy_class(op).name for name, op in judged_ops().items() if op.body.__module__.startswith("tapegrad.")
    }
    assert {name: rows.get(name) for name in ops} == ops, "run the suite and tests/conformance/page.py again"


def test_it_says_what_was_run_and_that_nothing_failed():
    runs = re.findall(
        r"^\* (\d{4}-\d\d-\d\d), \*\*(\w+)\*\* .* ([\d,]+) failed; .* (\d+) with other bits",
        PAGE.read_text("utf-8"),
        re.M,
    )
    assert "numpy" in {engine for _, engine, _, _ in runs}
    assert {(failed, bits) for _, _, failed, bits in runs} == {("0", "0")}
