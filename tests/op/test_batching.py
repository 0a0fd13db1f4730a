"""An op in a batch: its own rule holds at every level, and values without a place on the tape go straight through."""

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.arrays.batched import Batched, engine_of, innermost
from tapegrad.engines.tables import OPS
from tapegrad.errors import AxisError
from tapegrad.op.batching import FALLBACKS, InFront
from tests.transforms.compositions import CASES, Case, close

COMPOSED = [p for p in CASES if not p.values[0].op.primitive and p.values[0].op.batch is None]


def test_gradients_of_vmapped_gradients_of_det_at_the_identity():
    c = np.asarray([[1.0, 2.0], [3.0, 5.0]])
    f = lambda q: tnp.sum(tapegrad.vmap(tapegrad.grad(tnp.linalg.det))(q) * c)
    assert tapegrad.grad(f)(np.eye(2)[None]).tolist() == [[[5, -3], [-2, 1]]]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("case", COMPOSED)
def test_the_rule_of_a_composed_op_is_what_is_outside_of_a_batch(case: Case) -> None:
    batch = case.batch()
    n = tuple(range(len(batch)))
    got = tapegrad.grad(lambda *xs: tnp.sum(tnp.asarray(tapegrad.vmap(case.scalar)(*xs))), n)(*batch)
    close(got, tapegrad.vmap(tapegrad.grad(case.scalar, n))(*batch), 1e-9)


def test_arrays_inside_a_vmap_know_their_level_and_their_engine():
    seen = []

    def f(x):
        seen.append(x)
        assert x._kernels.engine is tapegrad.get_backend("numpy").kernels
        assert x._kernels is (x * 2)._kernels and x._signature is (x + 1)._signature
        return x

    tapegrad.vmap(tapegrad.vmap(f))(np.ones((2, 3, 4)))
    (x,) = seen
    assert isinstance(x._value, Batched) and x._value.level == 2
    assert innermost(x._value).shape == (2, 3, 4) and x.shape == (4,)
    assert engine_of(x).backend.name == "numpy"


ALONG = sorted(name for name, op in OPS.items() if isinstance(op.batch, InFront) and "axis" in op.keywords)


@pytest.mark.parametrize("name", ALONG)
def test_no_axis_of_an_element_is_that_of_the_batch(name):
    op, more = OPS[name], {"nanquantile": {"q": 0.5}, "topk": {"k": 1}}.get(name, {})
    rank = 3 if name == "stack" else 2
    for axis in (rank, -rank - 1):
        f = lambda x, axis=axis: op.call(*[x] * (len(op.inputs) or 2), axis=axis, **more)
        with pytest.raises(AxisError):
            tapegrad.vmap(f)(np.ones((2, 3, 3)))


def test_no_op_of_ours_is_batched_by_a_loop():
    before = dict(FALLBACKS)
    for name in ("tanh", "det", "logsumexp", "quotient"):
        if name in OPS and len(OPS[name].inputs) == 1:
            tapegrad.vmap(OPS[name].call)(np.ones((2, 3, 3)))
    assert dict(FALLBACKS) == before
