"""A batch is a loop."""

from __future__ import annotations

import numpy as np
import pytest

import tapegrad
from tapegrad.arrays.entering import as_array
from tapegrad.errors import DynamicShapeError
from tapegrad.op import registered

from .compositions import CASES, Case, close

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.mark.parametrize("case", CASES)
def test_is_a_loop(case: Case) -> None:
    batch = case.batch()
    got = tapegrad.vmap(lambda *xs: tuple(case.call(*xs)))(*batch)
    rows = [[np.asarray(o.asnumpy()) for o in case.call(*map(as_array, row))] for row in zip(*batch, strict=True)]
    close(got, [np.stack(column) for column in zip(*rows, strict=True)], 1e-12)


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_is_a_loop(case: Case) -> None:
    batch = case.batch()
    gradient = tapegrad.grad(case.scalar, tuple(range(len(batch))))
    rows = [gradient(*row) for row in zip(*batch, strict=True)]
    close(tapegrad.vmap(gradient)(*batch), [np.stack(column) for column in zip(*rows, strict=True)], 1e-10)


@pytest.mark.parametrize("name", sorted(name for name, op in registered().items() if op.dynamic))
def test_what_depends_on_the_data_is_refused_by_name(name: str) -> None:
    """Shapes that would differ within a batch; of what is not batched they are had as ever."""
    call = registered()[name].call
    with pytest.raises(DynamicShapeError, match=rf"{name}\(\) under vmap"):
        tapegrad.vmap(call)(np.ones((3, 2)))
    constant = as_array(np.asarray([1.0, 0.0, 1.0]))
    tapegrad.vmap(lambda x: [call(constant), x][1])(np.ones(3))
