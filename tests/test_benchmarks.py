"""The benchmarks' own correctness: every workload, at a tiny size, means the same in every peer's words.

Nothing is timed here.
"""

import contextlib
import json
import sys

import numpy as np
import pytest

from benchmarks.case import Goal, beside_hand, disagreements, results
from benchmarks.command import IN_PROCESS, arguments, as_json, tables
from benchmarks.measure import Row, enough_repetitions, in_own_process, measure, take_turns
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
    assert enough_repetitions(lambda: sum(range(1000)), 1e6) > 1
    assert enough_repetitions(lambda: sum(range(100_000)), 1.0) == 1


def test_tables_and_json_show_what_was_measured():
    row = Row("W0", "nothing", "µs", {"hand": [1.0], "tapegrad": [2.0]}, [beside_hand(2.1, 1.7)])
    figures, ratios = tables([row], ["hand", "tapegrad"])
    assert figures.row_count == ratios.row_count == 1
    shown = json.loads(as_json([row], ["hand", "tapegrad"]))["cases"][0]
    assert shown["ratios"][0]["measured"] == 2.0
    assert shown["medians"] == {"hand": 1.0, "tapegrad": 2.0}


def test_an_unknown_workload_is_refused_by_name(capsys):
    with pytest.raises(SystemExit):
        arguments(["W77"])
    assert "W77" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="reads the process's memory from Linux's /proc")
@pytest.mark.parametrize("peer", ["hand", "tapegrad"])
def test_the_long_chain_runs_in_a_process_of_its_own(peer):
    measured = in_own_process("benchmarks.million", peer, "3000")
    assert measured["µs"] > 0
    assert measured["bytes"] >= 0


def test_importing_tapegrad_loads_no_other_engine():
    assert in_own_process("benchmarks.one_import", "tapegrad")["loaded"] == []
