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


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("case", [pytest.param(*case.values, id=case.id) for case in CASES])
def test_gradients_in_what_is_shared_are_a_loop(case: Case) -> None:
    """The variables are the same for all of the batch, and what becomes of them meets what is not."""
    factors = np.asarray([2.0, -3.0])
    gradients = tapegrad.grad(lambda xs, factor: case.scalar(*xs) * factor)
    shared = [as_array(x) for x in case.inputs]
    found = tapegrad.vmap(gradients, in_axes=(None, 0))(shared, factors)
    once = gradients(shared, factors[0] * 0 + 1)
    close(found, [np.multiply.outer(factors, g.asnumpy()) for g in once], 1e-10)
