"""The benchmarks' own correctness: every workload, at a tiny size, means the same in every peer's words.

Nothing is timed here.
"""

import contextlib
import json
import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import checkouts
from benchmarks.case import Goal, beside_hand, disagreements, results
from benchmarks.command import IN_PROCESS, arguments, as_json, ratios_table, tables
from benchmarks.measure import ROOT, Row, enough_repetitions, in_own_process, measure, take_turns
from benchmarks.page import page
from benchmarks.peers import PEERS

CASES = [case for workload in IN_PROCESS.values() for case in workload(tiny=True)]
FORMS = [
    pytest.param(case, peer, id=f"{case.name}-{peer}".replace(" ", "-"))
    for case in CASES
    for peer in case.forms
    if peer != "hand"
]

# Peers warn of what they will change themselves; that is not for this suite to judge.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def needs(peer):
    """Skip the test where `peer` is not installed."""
    if not PEERS[peer].installed:
        pytest.skip(f"{PEERS[peer].title} is not installed")


@contextlib.contextmanager
def float64_in(peer):
    """JAX computes in float32 unless told otherwise; told here for one test, not for the process."""
    if peer != "jax":
        yield
        return
    import jax

    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize(("case", "peer"), FORMS)
def test_every_peer_agrees_with_numpy_by_hand(case, peer):
    needs(peer)
    problem = case.magnified(case.problem())
    with float64_in(peer):
        actual = results(peer, case.forms[peer](problem))
    assert disagreements(results("hand", case.forms["hand"](problem)), actual, case.rtol) == []


@pytest.mark.parametrize(("case", "peer"), FORMS)
def test_a_step_can_be_repeated(case, peer):
    """Timing calls a step again and again: gradients must not pile up from one call to the next."""
    needs(peer)
    problem = case.problem()
    with float64_in(peer):
        step, by_hand = case.forms[peer](problem), case.forms["hand"](problem)
        for _ in range(3):
            expected, actual = results("hand", by_hand), results(peer, step)
    assert disagreements(expected, actual, case.rtol) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_by_hand_leaves_the_problem_as_it_was(case):
    problem = case.problem()
    first = results("hand", case.forms["hand"](problem))
    again = results("hand", case.forms["hand"](problem))
    assert disagreements(first, again, 0.0) == []


def test_disagreements_are_found():
    one = [np.array([1.0, 2.0])]
    assert disagreements(one, [np.array([1.0, 2.0 + 1e-6])], 1e-5) == []
    assert "off by" in disagreements(one, [np.array([1.0, 2.1])], 1e-5)[0]
    assert "off by" in disagreements(one, [np.array([1.0, np.nan])], 1e-5)[0]
    assert "shape" in disagreements(one, [np.array([1.0, 2.0, 3.0])], 1e-5)[0]


def test_peers_take_turns_and_ratios_stay_within_a_round():
    order = []
    samples = take_turns(["hand", "tapegrad"], 3, lambda name: order.append(name) or float(len(order)))
    assert order == ["hand", "tapegrad", "tapegrad", "hand", "hand", "tapegrad"]
    row = Row("W0", "", "µs", samples, [beside_hand(2.1, 1.7)])
    assert row.value(row.goals[0]) == pytest.approx(np.median([2 / 1, 3 / 4, 6 / 5]))
    assert row.value(Goal("torch", "tapegrad", at_most=False)) is None


def test_goals_are_ceilings_or_floors():
    assert beside_hand(2.1).met(2.0, 2.1)
    assert not beside_hand(2.1).met(2.2, 2.1)
    assert Goal("torch", "tapegrad", at_most=False).met(3.0, 3.0)
    assert beside_hand().met(1.0, None) is None


def test_a_peer_that_fails_is_left_out_with_the_reason():
    case = CASES[0]

    def failing(problem):
        raise NotImplementedError("no such op")

    def wrong(problem):
        return lambda: tuple(value + 1 for value in case.forms["hand"](problem)())

    broken = type(case)(
        case.workload, case.label, case.what, case.problem, {**case.forms, "torch": failing, "hips": wrong}, case.goals
    )
    pretend = dict.fromkeys(("torch", "hips"), PEERS["hand"])
    with pytest.MonkeyPatch.context() as patch:
        for name, peer in pretend.items():
            patch.setitem(PEERS, name, peer)
        row = measure(broken, ["hand", "torch", "hips"], rounds=1, sample_ms=0.01)
    assert list(row.samples) == ["hand"]
    assert row.absent["torch"] == "NotImplementedError: no such op"
    assert "disagrees" in row.absent["hips"]


def test_enough_repetitions_fill_a_sample():
    assert enough_repetitions(lambda: (sum(range(1000)),), 1e6) > 1
    assert enough_repetitions(lambda: (sum(range(100_000)),), 1.0) == 1


def test_tables_and_json_show_what_was_measured():
    row = Row("W0", "nothing", "µs", {"hand": [1.0], "tapegrad": [2.0]}, [beside_hand(2.1, 1.7)])
    figures, ratios = tables([row], ["hand", "tapegrad"])
    assert figures.row_count == ratios.row_count == 1
    shown = json.loads(as_json([row], ["hand", "tapegrad"]))["cases"][0]
    assert shown["ratios"][0]["measured"] == 2.0
    assert shown["medians"] == {"hand": 1.0, "tapegrad": 2.0}


@pytest.mark.parametrize(
    ("words", "told"), [(["W77"], "W77"), (["--vs", "tensorflow"], "choose from torch, jax, autograd")]
)
def test_an_unknown_name_is_refused_with_the_choices(capsys, words, told):
    with pytest.raises(SystemExit):
        arguments(words)
    assert told in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="reads the process's memory from Linux's /proc")
@pytest.mark.parametrize("peer", ["hand", "tapegrad"])
def test_the_long_chain_runs_in_a_process_of_its_own(peer):
    measured = in_own_process("benchmarks.million", peer, "3000")
    assert measured["µs"] > 0
    assert measured["bytes"] >= 0


def test_importing_tapegrad_loads_no_other_engine():
    assert in_own_process("benchmarks.one_import", "tapegrad")["loaded"] == []


def silent(line):
    """Progress that nobody reads."""


def cases_named(*words):
    """The tiny cases of workers that `words` choose."""
    names = checkouts.named(words)
    return [case for case in checkouts.all_cases(tiny=True) if case.name in names]


def test_a_checkout_beside_itself_agrees_in_every_case():
    """Every case runs in both workers and returns the same there; that nothing is absent says so."""
    rows = checkouts.in_workers(checkouts.all_cases(tiny=True), ROOT, 1, 1e-6, silent, tiny=True)
    assert {row.name: row.absent for row in rows if row.absent} == {}
    assert {len(samples) for row in rows for samples in row.samples.values()} == {1}
    assert sorted(name for name in checkouts.all_names() if name[:3] not in ("W8 ", "W9 ")) == sorted(
        row.name for row in rows
    )


@pytest.fixture
def other_checkout(tmp_path):
    """A copy of this checkout's packages, to be changed."""
    for folder in ("core", "backends"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def break_in(checkout, statement):
    """Have the checkout's tapegrad run `statement` last, as it is imported."""
    with (checkout / "core" / "tapegrad" / "__init__.py").open("a") as source:
        source.write(f"\n{statement}\n")


def test_each_worker_imports_the_tapegrad_of_its_checkout(other_checkout):
    with checkouts.Worker(ROOT) as ours, checkouts.Worker(other_checkout) as theirs:
        assert Path(ours.ask("origin")) == ROOT / "core" / "tapegrad"
        assert Path(theirs.ask("origin")) == other_checkout / "core" / "tapegrad"


def test_a_case_on_which_checkouts_disagree_is_left_out(other_checkout):
    break_in(other_checkout, "from . import nd; nd.sum; nd.sum = lambda x: x[:1] * 1.0")
    rows = checkouts.in_workers(cases_named("sum"), other_checkout, 1, 1e-6, silent, tiny=True)
    by_name = {row.name: row for row in rows}
    assert "disagrees with the old" in by_name["W11 sum nd"].absent["new"]
    assert by_name["W11 sum nd"].samples == {}
    assert not by_name["W11 sum numpy"].absent


def test_a_case_that_fails_on_one_checkout_is_left_out_with_the_reason(other_checkout):
    break_in(other_checkout, "from . import nd; nd.norm; del nd.norm")
    rows = checkouts.in_workers(cases_named("norm"), other_checkout, 1, 1e-6, silent, tiny=True)
    by_name = {row.name: row for row in rows}
    assert "norm" in by_name["W11 norm nd"].absent["old"]
    assert list(by_name["W11 norm nd"].absent) == ["old"]
    assert not by_name["W11 norm numpy"].absent


def test_a_worker_that_ends_is_an_error(other_checkout):
    break_in(other_checkout, "raise SystemExit(0)")
    with pytest.raises(RuntimeError, match=re.escape(f"the worker of {other_checkout} has ended")):
        checkouts.Worker(other_checkout)


def test_a_process_that_fails_to_start_a_program_is_left_out_with_the_reason(other_checkout):
    break_in(other_checkout, "raise ImportError('no engine')")
    (row,) = checkouts.in_own_processes(["W9 bare"], other_checkout, 1, silent)
    assert row.absent == {"old": "ImportError: no engine"}
    assert row.value(row.goals[0]) is None


def test_cases_are_named_by_words():
    assert checkouts.named(["W1 (10,)"]) == ["W1 (10,)"]
    assert checkouts.named(["W8"]) == ["W8 time", "W8 memory"]
    assert set(checkouts.named(["W1"])) == {name for name in checkouts.all_names() if name.startswith("W1 ")}
    assert checkouts.named([]) == checkouts.all_names()
    with pytest.raises(ValueError, match="W77"):
        checkouts.named(["W1", "W77"])


def test_case_names_are_unique():
    names = checkouts.all_names()
    assert len(names) == len(set(names))


def test_the_ratio_of_checkouts_is_the_median_within_rounds():
    row = checkouts.empty_row("W0", "", "µs", 0.4)
    row.samples = {"old": [1.0, 10.0, 2.0], "new": [0.3, 5.0, 1.8]}
    assert row.value(row.goals[0]) == pytest.approx(0.5)
    assert row.middle_half(row.goals[0]) == pytest.approx((0.3, 0.9))
    assert row.goals[0].met(0.4, row.goals[0].first)
    assert not row.goals[0].met(0.5, row.goals[0].first)


def test_workers_keep_the_compiled_modules_and_hash_alike(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    environment = checkouts.environment(Path("somewhere"))
    assert "PYTHONDONTWRITEBYTECODE" not in environment
    assert environment["PYTHONHASHSEED"] == "0"
    assert environment["PYTHONPATH"].split(os.pathsep) == [
        str(Path("somewhere", folder)) for folder in ("core", "backends")
    ]


def test_what_is_no_checkout_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        arguments(["--against", str(tmp_path)])
    assert "no checkout of tapegrad" in capsys.readouterr().err


def test_an_unknown_case_is_refused_by_name(capsys):
    with pytest.raises(SystemExit):
        arguments(["W77", "--against", str(ROOT)])
    assert "W77" in capsys.readouterr().err


@pytest.mark.parametrize("limits", [False, True])
def test_the_table_of_checkouts_has_limits_when_asked(limits):
    kept, missed, free = (
        checkouts.empty_row(name, "", "µs", limit) for name, limit in [("a", 1.1), ("b", 0.4), ("c", None)]
    )
    for row in (kept, missed, free):
        row.samples = {"old": [2.0, 2.0], "new": [2.0, 2.0]}
    table = ratios_table([kept, missed, free], Path("old"), limits=limits)
    titles = [column.header for column in table.columns]
    assert ("limit beside 708adec" in titles) == limits
    assert list(table.columns[4].cells) == ["1.000"] * 3
    if limits:
        assert list(table.columns[-1].cells) == ["[green]≤ 1.1 ✓[/]", "[red]≤ 0.4 ✗[/]", ""]


def test_the_page_has_a_bar_for_each_ratio():
    goal = beside_hand(final=2.0)
    row = Row(
        "W1", "what <it> is", "µs", {"hand": [1.0, 1.0], "tapegrad": [3.0, 3.0]}, (goal,), {"jax": "not installed"}
    )
    text = page([row], {"hand": "by hand", "tapegrad": "tapegrad"}, {"python": "3"})
    assert text.count("<rect") == 1 and 'class="missed"' in text and ">3</text>" in text
    assert "what &lt;it&gt; is" in text and "not installed" in text
