"""Reverse over forward, against forward over reverse."""

from __future__ import annotations

import pytest

import tapegrad

from .compositions import CASES, DYNAMIC, Case, close

pytestmark = [pytest.mark.parametrize("case", CASES + DYNAMIC), pytest.mark.filterwarnings("ignore::RuntimeWarning")]


def test_is_forward_over_reverse(case: Case) -> None:
    n = tuple(range(len(case.inputs)))
    v = tuple(case.direction())
    got = tapegrad.grad(lambda *xs: tapegrad.jvp(case.scalar, xs, v)[1], n)(*case.inputs)
    _, wanted = tapegrad.jvp(tapegrad.grad(case.scalar, n), tuple(case.inputs), v)
    close(got, wanted)
