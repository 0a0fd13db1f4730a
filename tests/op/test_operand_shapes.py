"""Of operands whose shapes do not go together an op refuses, or broadcasts: each gradient has its operand's shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tapegrad.numpy as tnp
from tapegrad.engines.tables import OPS
from tapegrad.errors import ShapeError, TapegradError
from tapegrad.op.kinds import ELEMENTWISE, MULTILINEAR
from tapegrad.ops.cumulative import recurrence
from tapegrad.testing.generate import declared
from tapegrad.testing.runs import as_target
from tests.core.engines import engine

SEVERAL = [
    name
    for name, op in sorted(OPS.items())
    if op.formulas and len(op.arrays) > 1 and op.kind not in (ELEMENTWISE, MULTILINEAR)  # whose kinds see to it
]


def other_shapes(x: np.ndarray) -> Iterator[np.ndarray]:
    """The array in a stack, less its first axis, cut to one element along each axis, as a number."""
    yield np.stack([x, x])
    yield x[None]
    if x.size:
        yield x.reshape(-1)[:1].reshape(())
        yield from (np.take(x, [0], axis) for axis in range(x.ndim) if x.shape[axis] > 1)
        yield from [x[0]] if x.ndim > 1 else []


def misfits(name: str) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    for sample in declared(OPS[name]):
        args = sample.arrays(np.float64)
        arrays = [i for i, x in enumerate(args) if isinstance(x, np.ndarray)]
        for i in arrays if len(arrays) > 1 else ():
            for x in other_shapes(args[i]):
                yield [*args[:i], x, *args[i + 1 :]], sample.keywords


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("backend", ["numpy", "strict"])
@pytest.mark.parametrize("name", SEVERAL)
def test_gradients_have_the_shapes_of_their_operands(name: str, backend: str) -> None:
    kernels = engine(backend).kernels
    for args, keywords in misfits(name):
        target = as_target(OPS[name], args, keywords, np.float64)
        try:
            recording = target.record(kernels, [kernels.backend.from_numpy(x) for x in target.inputs()])
            ones = [kernels.filled(o._value, shape=tuple(o.shape), value=1) for o in recording.outs]
        except TapegradError:
            continue
        if not all(o._node for o in recording.outs):
            continue
        pulled, pushed = recording.pull(ones), recording.push(recording.inputs)
        shapes = [tuple(np.shape(x)) for x in args]
        assert [tuple(p.shape) for p in pulled] == [x.shape for x in target.inputs()], shapes
        assert [tuple(t.shape) for t in pushed] == [o.shape for o in recording.outs], shapes


def test_operands_of_one_shape() -> None:
    with pytest.raises(ShapeError, match=r"recurrence\(\) takes arrays of one shape, not factor of"):
        recurrence(tnp.ones((2, 3)), tnp.ones((1, 3)), axis=0)
