"""A batch of gradients beside operands that are the same for all of it is a loop."""

from __future__ import annotations

import numpy as np
import pytest

import tapegrad
from tapegrad.arrays.entering import as_array

from .compositions import CASES, Case, close

SEVERAL = [pytest.param(*case.values, id=case.id) for case in CASES if len(case.values[0].inputs) > 1]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("case", SEVERAL)
def test_is_a_loop(case: Case) -> None:
    for place in range(len(case.inputs)):
        rows = case.batch()[place]
        constants = [as_array(x) for i, x in enumerate(case.inputs) if i != place]

        def scalar(x: object) -> object:
            return case.scalar(*constants[:place], x, *constants[place:])  # noqa: B023

        gradient = tapegrad.grad(scalar)
        close([tapegrad.vmap(gradient)(rows)], [np.stack([gradient(row) for row in rows])], 1e-10)
