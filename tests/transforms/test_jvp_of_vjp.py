"""A pull and a push belong together: ⟨g, push v⟩ = ⟨pull g, v⟩."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tapegrad
from tapegrad.engines.tables import RECORDED

from .compositions import CASES, DYNAMIC, Case

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.mark.parametrize("case", CASES + DYNAMIC)
def test_are_transposes(case: Case) -> None:
    v = tuple(case.direction())
    outs, pull = tapegrad.vjp(lambda *xs: tuple(case.call(*xs)), *case.inputs)
    _, pushed = tapegrad.jvp(lambda *xs: tuple(case.call(*xs)), tuple(case.inputs), v)
    rng = np.random.default_rng(3)
    g = tuple(np.asarray(rng.standard_normal(np.shape(out))) for out in outs)
    pulled = pull(g)
    left = sum(float(np.vdot(a, b)) for a, b in zip(g, pushed, strict=True))
    right = sum(float(np.vdot(a, b)) for a, b in zip(pulled, v, strict=True))
    size = sum(float(np.sum(np.abs(a * b))) for a, b in zip(g, pushed, strict=True))
    assert abs(left - right) <= 1e-10 * max(size, 1e-3)


COMPLEX = [case for case in CASES if any(x.dtype.kind == "c" for x in case.values[0].whole_inputs)]


@pytest.mark.parametrize("case", COMPLEX)
def test_complex_ones_belong_together_by_the_real_part(case: Case) -> None:
    """The convention of complex cotangents, PyTorch's: Re⟨g, push v⟩ = Re⟨pull g, v⟩, where ⟨a, b⟩ conjugates a.

    So the gradient of a real function points where it grows fastest: that of |z|² is 2z, for which JAX gives 2z̄.
    """
    rng = np.random.default_rng(4)

    def drawn_like(x: Any) -> Any:
        x = np.asarray(x)
        draw = np.asarray(rng.standard_normal(x.shape))
        return draw + 1j * rng.standard_normal(x.shape) if x.dtype.kind == "c" else draw

    v = tuple(drawn_like(x) for x in case.whole_inputs)
    f = lambda *xs: tuple(case.whole(*xs))
    outs, pull = tapegrad.vjp(f, *case.whole_inputs)
    _, pushed = tapegrad.jvp(f, tuple(case.whole_inputs), v)
    g = tuple(drawn_like(out) for out in outs)
    pulled = pull(g)
    assert [x.dtype for x in pulled] == [x.dtype for x in case.whole_inputs]
    left = sum(np.vdot(a, b).real for a, b in zip(g, pushed, strict=True))
    right = sum(np.vdot(a, b).real for a, b in zip(pulled, v, strict=True))
    size = sum(float(np.sum(np.abs(a * b))) for a, b in zip(g, pushed, strict=True))
    assert abs(left - right) <= 1e-10 * max(size, 1e-3)


def test_the_gradient_of_a_squared_magnitude() -> None:
    """2z, in both modes."""
    z = np.asarray([1 + 2j, 3 - 1j])
    magnitude = lambda z: RECORDED.sum(RECORDED.real(z * RECORDED.conj(z)))
    np.testing.assert_allclose(tapegrad.grad(magnitude)(z), 2 * z)
    np.testing.assert_allclose(tapegrad.jvp(magnitude, (z,), (1j * z,))[1], 0, atol=1e-15)
