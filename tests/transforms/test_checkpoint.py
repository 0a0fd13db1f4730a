"""A checkpoint changes what is kept, not what comes out."""

from __future__ import annotations

import pytest

import tapegrad

from .compositions import CASES, DYNAMIC, Case, close

pytestmark = [pytest.mark.parametrize("case", CASES + DYNAMIC), pytest.mark.filterwarnings("ignore::RuntimeWarning")]


def test_changes_nothing(case: Case) -> None:
    n = tuple(range(len(case.inputs)))
    again = tapegrad.checkpoint(case.scalar)
    close(tapegrad.grad(again, n)(*case.inputs), tapegrad.grad(case.scalar, n)(*case.inputs), 1e-13)


def test_of_a_gradient_of_a_checkpoint(case: Case) -> None:
    n, v = tuple(range(len(case.inputs))), tuple(case.direction())
    _, got = tapegrad.jvp(tapegrad.grad(tapegrad.checkpoint(case.scalar), n), tuple(case.inputs), v)
    _, wanted = tapegrad.jvp(tapegrad.grad(case.scalar, n), tuple(case.inputs), v)
    close(got, wanted, 1e-10)
