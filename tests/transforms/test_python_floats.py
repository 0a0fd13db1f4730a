"""A Python float under a transform keeps its digits, and takes the dtype of the arrays that it meets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp


def seen(function: Any, *args: Any) -> list[str]:
    """The dtypes of what `function` computes of arguments under `grad`, by name."""
    found: list[str] = []

    def program(*given: Any) -> Any:
        parts = function(*given)
        found.extend(part.dtype.name for part in parts)
        return tnp.sum(tnp.asarray(parts[0]).real)

    tapegrad.grad(program)(*args)
    return found


def test_among_its_like_it_is_computed_in_double() -> None:
    """To the last digit, in every transform and of trees of floats."""

    def cube(x: Any) -> Any:
        return x * x * x

    assert abs(tapegrad.grad(cube)(0.1) - 0.03) < 1e-16
    assert tapegrad.value_and_grad(lambda x: x)(0.1) == (0.1, 1.0)
    assert tapegrad.value_and_grad(lambda x: 0.1)(0.3) == (0.1, 0.0)
    assert tapegrad.jvp(lambda x: x * x, (0.1,), (1.0,))[1] == 0.2
    assert tapegrad.hessian(lambda x: x**4)(0.1) == pytest.approx(0.12, rel=1e-15)
    assert tapegrad.grad(tapegrad.grad(cube))(0.1) == pytest.approx(0.6, rel=1e-15)
    assert tapegrad.grad(lambda x: tapegrad.grad(lambda y: 0.1 * y)(x) * x)(0.3) == 0.1
    assert tapegrad.grad(lambda p: p["a"] * p["b"][0])({"a": 0.1, "b": [0.3]}) == {"a": 0.3, "b": [0.1]}
    assert tapegrad.grad(lambda z: tnp.real(z * tnp.conj(z)))(0.1 + 0.2j) == 0.2 + 0.4j
    assert tapegrad.grad(lambda x: np.sin(x))(0.1) == np.cos(0.1)


def test_beside_an_array_it_is_of_the_arrays_dtype() -> None:
    """Like the float itself, whatever was done with it before."""
    w = np.ones(2, dtype="float32")
    ways = seen(
        lambda x, w: (x * w, (2 * x) * w, tnp.stack([x, x]) * w, tnp.where(w > 0, x, w), x * 1j * w, tnp.sin(x) + w),
        0.1,
        w,
    )
    assert ways == ["float32", "float32", "float32", "float32", "complex64", "float32"]
    assert seen(lambda x: (x * tnp.arange(3), x * 2, x.astype("float32") * 2.0, x > 0), 0.1) == [
        "float32",
        "float64",
        "float32",
        "bool",
    ]
    assert seen(lambda x, w: (x * w,), 0.1, w.astype("float64")) == ["float64"]
    gradient = tapegrad.grad(lambda x, w: tnp.sum(x * w * w), argnums=(0, 1))(0.1, w)
    assert gradient[0] == 2.0
    assert gradient[1].dtype == np.float32


def test_what_comes_out_is_an_array_like_any_other() -> None:
    """Beside arrays results are of the default dtype, and no number of a transform is left."""
    (value, aux), _ = tapegrad.value_and_grad(lambda x, w: (x * x, 2 * x), has_aux=True)(0.1, tnp.ones(2))
    for found in (value, aux):
        assert type(found) is tnp.ndarray
        assert found.dtype == np.float32


def test_rules_of_ones_own_may_mix_precisions() -> None:
    """What a rule gives for a float is of the float's precision again."""
    double = tapegrad.custom(lambda x: x * tnp.asarray(2.0))
    double.defvjp(x=lambda g: g * tnp.asarray(2.0))
    assert tapegrad.grad(double)(0.1) == 2.0
    assert tapegrad.jvp(double, (0.1,), (1.0,))[1] == 2.0


def test_an_engine_without_doubles_computes_in_what_it_has() -> None:
    """JAX as it comes has float32 alone."""
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", False)
    try:
        with tapegrad.use_backend("jax"):
            assert tapegrad.grad(lambda x: x * x)(0.1) == pytest.approx(0.2, rel=1e-6)
    finally:
        jax.config.update("jax_enable_x64", before)
