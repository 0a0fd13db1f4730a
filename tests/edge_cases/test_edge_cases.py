"""Each edge case on each engine that is here: expressions, transforms and programs where implementations go wrong."""

import sys
from pathlib import Path

import numpy
import pytest

import tapegrad

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "core")]

from cases import CASES, SIBLINGS, TYPED, close, faults, host, run_expression, run_functional, run_program  # noqa: E402
from conventions import CHOSEN, NOT_ON  # noqa: E402
from engines import engine, in_double  # noqa: E402
from table import page  # noqa: E402

ENGINES = ("numpy", "jax", "strict")


@pytest.fixture
def on(request):
    """New arrays go to the engine, and are float64 unless they say otherwise."""
    with in_double():
        backend = engine(request.param)
        with tapegrad.use_backend(backend), tapegrad.dtypes.use_default_dtype("float64"):
            yield backend


def parameters(api):
    """A parameter for each engine and case, marked where the engine lacks what the case needs."""
    found = []
    for name in ENGINES:
        for case in CASES.values():
            if case["api"] != api:
                continue
            reason = NOT_ON.get(name, {}).get(case["id"])
            marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
            found.append(pytest.param(name, case["id"], id=f"{name}-{case['id']}-{case['name']}", marks=marks))
    return found


def siblings(kind):
    """A parameter for each engine and each case of our own, whose values are closed forms."""
    return [pytest.param(name, key, id=f"{name}-{key}") for name in ENGINES for key in range(len(SIBLINGS[kind]))]


def check_sibling(case, run):
    """Hold a case of our own to its values, or to an error."""
    if case["expected"] == "error":
        with pytest.raises(TYPED):
            run(case)
        return
    expected = host(case["expected"], "float64")
    got = run(case)
    assert close(got.reshape(expected.shape) if not got.size else got, expected, 1e-12), got.tolist()


@pytest.mark.parametrize(("on", "key"), parameters("expr"), indirect=["on"])
def test_expression(on, key):
    case = CASES[key]
    if case["expected"] == "error":
        with pytest.raises(TYPED):
            run_expression(case)
        return
    got = run_expression(case)
    if key in CHOSEN:
        for name, value in CHOSEN[key].items():
            assert close(got[name], host(value, got[name].dtype.name), 1e-12), f"{name} is {got[name].tolist()}"
        got = {name: array for name, array in got.items() if name not in CHOSEN[key]}
    assert not faults(case, got)


@pytest.mark.parametrize(("on", "key"), parameters("functional"), indirect=["on"])
def test_functional(on, key):
    case = CASES[key]
    expected = case["expected"]
    if expected == "error":
        with pytest.raises(TYPED):
            run_functional(case)
        return
    got = run_functional(case)
    if isinstance(expected, dict):
        assert list(got.shape) == expected["shape"]
    else:
        assert close(got, numpy.array(expected, dtype="float64"), 1e-12), got.tolist()


@pytest.mark.parametrize(("on", "key"), parameters("program"), indirect=["on"])
def test_program(on, key):
    case = CASES[key]
    expected = case["expected"]
    if key == "EC0469":  # either an error, or the values that were recorded
        expected = [2.0, 4.0, 6.0]
    if expected == "error":
        with pytest.raises(TYPED):
            run_program(case)
        return
    got = run_program(case)
    expected = [0.0 if x == "nan_or_0" else x for x in expected]
    assert close(got, numpy.array(expected, dtype="float64"), 1e-12), got.tolist()


@pytest.mark.parametrize(("on", "key"), siblings("transforms"), indirect=["on"])
def test_sibling_of_a_functional_case(on, key):
    check_sibling(SIBLINGS["transforms"][key], run_functional)


@pytest.mark.parametrize(("on", "key"), siblings("programs"), indirect=["on"])
def test_sibling_of_a_program(on, key):
    check_sibling(SIBLINGS["programs"][key], run_program)


def test_the_docs_table_of_conventions_is_what_comes_out():
    assert (HERE.parents[1] / "docs" / "conventions.md").read_text(encoding="utf-8") == page()
