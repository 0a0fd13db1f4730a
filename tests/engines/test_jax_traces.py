"""Every op, and its gradient, can be traced by JAX: under `jit` all of them, under `vmap` too."""

import numpy as np
import pytest

import tapegrad
from tapegrad.op import registered
from tapegrad.op.samples import Draw

jax = pytest.importorskip("jax", reason="the JAX engine needs jax")
import jax.numpy as jnp  # noqa: E402


def first_sample(op):
    """The arrays and keywords of the op's first sample, in float32, indices as int32."""
    sample = op.samples[0]
    draws, keywords = sample if len(sample) == 2 and isinstance(sample[1], dict) else (sample, {})
    arrays = [d.draw(np.random.default_rng(0), "float32") if isinstance(d, Draw) else d for d in draws]
    names = op.inputs + (op.variadic,) * (len(arrays) - len(op.inputs))
    return [jnp.asarray(x) if isinstance(x, np.ndarray) else x for x in arrays], names, keywords


def value_and_pull(op):
    """The op at its first sample as a function of its arrays: values, and the gradients of their sum."""
    arrays, names, keywords = first_sample(op)
    given = [i for i, x in enumerate(arrays) if isinstance(x, jax.Array)]
    tracked = [i for i in given if names[i] in op.formulas and jnp.issubdtype(arrays[i].dtype, jnp.floating)]

    def run(*inputs):
        full = list(arrays)
        for i, x in zip(given, inputs, strict=True):
            full[i] = x

        def f(*variables):
            for i, x in zip(tracked, variables, strict=True):
                full[i] = x
            out = op.call(*full, **keywords)
            return list(out) if isinstance(out, (list, tuple)) else [out]

        if not tracked:
            outs = f()
            return [o._value for o in outs], ()
        values, pull = tapegrad.vjp(lambda *v: tuple(f(*v)), *(full[i] for i in tracked))
        ones = tuple(jnp.ones_like(v) if jnp.issubdtype(v.dtype, jnp.inexact) else None for v in values)
        if any(one is None for one in ones):
            return values, ()
        return values, pull(ones)

    return run, [arrays[i] for i in given]


def leaves(tree):
    return [np.asarray(x) for x in jax.tree.leaves(tree)]


TRACEABLE = [op for op in registered().values() if op.samples and not op.dynamic]


@pytest.mark.slow
@pytest.mark.parametrize("op", TRACEABLE, ids=lambda op: op.name)
def test_under_jit(op):
    run, inputs = value_and_pull(op)
    found, wanted = leaves(jax.jit(run)(*inputs)), leaves(run(*inputs))
    for a, b in zip(found, wanted, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        # Compiled runs contract products and sums: class I5.
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize("op", TRACEABLE, ids=lambda op: op.name)
def test_under_vmap(op):
    run, inputs = value_and_pull(op)
    if not inputs:
        pytest.skip("the op takes no arrays")
    stacked = [jnp.stack([x, x]) for x in inputs]
    found, wanted = leaves(jax.vmap(run)(*stacked)), leaves(run(*inputs))
    for a, b in zip(found, wanted, strict=True):
        assert a.dtype == b.dtype and a.shape == (2, *b.shape)
        np.testing.assert_allclose(a, np.stack([b, b]), rtol=2e-4, atol=2e-5)
