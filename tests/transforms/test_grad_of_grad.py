"""Reverse over reverse: the gradient of a directional derivative, against forward over reverse and symmetry."""

from __future__ import annotations

from typing import Any

import pytest

import tapegrad
from tapegrad.engines.tables import RECORDED

from .compositions import CASES, DYNAMIC, Case, close

pytestmark = [pytest.mark.parametrize("case", CASES + DYNAMIC), pytest.mark.filterwarnings("ignore::RuntimeWarning")]


def test_is_forward_over_reverse(case: Case) -> None:
    n = tuple(range(len(case.inputs)))
    v = case.direction()
    gradient = tapegrad.grad(case.scalar, n)

    def along(*xs: Any) -> Any:
        return sum(RECORDED.sum(g * d) for g, d in zip(gradient(*xs), v, strict=True))

    reverse = tapegrad.grad(along, n)(*case.inputs)
    _, forward = tapegrad.jvp(gradient, tuple(case.inputs), tuple(v))
    close(reverse, forward)
