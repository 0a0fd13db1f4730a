"""The page of results lists every op with its class, and no failure."""

import re

from tapegrad.testing.accuracy_classes import accuracy_class
from tapegrad.testing.conformance import judged_names
from tapegrad.testing.judging import judged_ops
from tests.conformance import engines
from tests.conformance.page import PAGE, Results, add, as_page, of_page


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


def test_the_page_is_read_as_it_is_written():
    text = PAGE.read_text("utf-8")
    assert as_page(of_page(text)) == text


def report(names, distance, date="2030-01-02"):
    op = {"class": "I1", "kind": "elementwise", "samples": 7, "worst_gradient": {}, "failures": []}
    return {
        **{"backend": "numpy", "version": "2", "numpy": "2", "machine": "m", "system": "s", "python": "3"},
        **{"date": date, "checks": 5, "failed": 0},
        "ops": {name: op | {"worst_value": {"float64": distance}} for name in names},
    }


def test_a_report_of_some_ops_replaces_their_cells_and_names_them():
    results = Results()
    add(results, report(judged_names(), 1.0))
    add(results, report(["exp"], 3.0, date="2030-03-04"))
    rows = of_page(as_page(results)).rows
    assert rows["exp"].cells["numpy", "float64"] == r"3 \| –" and rows["sin"].cells["numpy", "float64"] == r"1 \| –"
    whole, some = results.runs["numpy"]
    assert whole.startswith("* 2030-01-02") and "alone" not in whole
    assert some.startswith("* 2030-03-04") and "alone (`exp`)" in some


def test_a_whole_report_replaces_all_of_its_engine_and_nothing_else():
    results = Results()
    add(results, report(["exp"], 3.0))
    add(results, report(["exp"], 3.0) | {"backend": "strict"})
    add(results, report(judged_names(), 1.0, date="2030-03-04"))
    assert [*results.runs] == ["numpy", "strict"]  # nor does it move its columns
    exp = of_page(as_page(results)).rows["exp"]
    assert (exp.cells["numpy", "float64"], exp.cells["strict", "float64"]) == (r"1 \| –", r"3 \| –")
    assert [line[:12] for line in results.runs["numpy"]] == ["* 2030-03-04"] and len(results.runs["strict"]) == 1


def test_the_table_of_engines_says_what_failed_and_what_is_declared():
    whys = {"expected to fail: rounded twice": 2, "the engine has no float64": 40}
    lacks = {"float64": "it has 24 bits", "sort": "it does not sort"}
    told = report(["exp", "sin"], 1.0) | {"skipped": whys, "lacks": lacks, "on_the_host": ["sort"], "failed": 1}
    text = engines.PAGE.read_text("utf-8")
    (line,) = {*engines.page(text, [told]).splitlines()} - {*text.splitlines()}
    assert line == "| `numpy` | 2 | 2 ops | 4 | 1 | no float64: it has 24 bits; 2: rounded twice | 1 functions |"
    assert engines.page(text, []) == text
