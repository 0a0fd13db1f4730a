"""What is kept for the sweep: what a formula named, until the sweep has passed; with a checkpoint its inputs only."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any
from weakref import ref

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp

STEPS, SIZE = 32, 50_000
BYTES = SIZE * 8


def layers(x: Any, steps: int) -> Any:
    """A chain in which each op keeps one array: the tanh its input, the product nothing but a number."""
    for _ in range(steps):
        x = tnp.tanh(x * 0.9)
    return x


def plain(x: Any) -> Any:
    """All of the chain."""
    return tnp.sum(layers(x, STEPS))


def in_stretches(x: Any) -> Any:
    """The chain as four checkpoints."""
    for _ in range(4):
        x = tapegrad.checkpoint(lambda y: layers(y, STEPS // 4))(x)
    return tnp.sum(x)


def nested(x: Any) -> Any:
    """The chain as two checkpoints, of four each."""
    half = tapegrad.checkpoint(
        lambda y: [y := tapegrad.checkpoint(lambda z: layers(z, STEPS // 8))(y) for _ in range(4)][-1]
    )
    return tnp.sum(half(half(x)))


def peak_of(run: Any) -> float:
    """The most memory that `run()` holds at once, in arrays of the chain."""
    run()
    gc.collect()
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1] / BYTES
    finally:
        tracemalloc.stop()


X = np.linspace(-1, 1, SIZE)


def test_a_checkpoint_keeps_less() -> None:
    """An array for each tanh; or one for each stretch and those of one stretch at a time."""
    whole, stretches, deep = (peak_of(lambda f=f: tapegrad.grad(f)(X)) for f in (plain, in_stretches, nested))
    assert STEPS < whole < STEPS + 6
    assert 4 + STEPS // 4 <= stretches < 4 + STEPS // 4 + 6
    assert stretches < whole / 2
    assert deep < stretches
    np.testing.assert_allclose(tapegrad.grad(in_stretches)(X), tapegrad.grad(plain)(X), rtol=1e-12)
    np.testing.assert_allclose(tapegrad.grad(nested)(X), tapegrad.grad(plain)(X), rtol=1e-12)


def test_a_forward_pass_with_checkpoints_keeps_their_inputs() -> None:
    """What lies there between record and backward."""
    held = {}
    for name, f in (("plain", plain), ("in stretches", in_stretches)):
        x = tnp.asarray(X)
        x.attach_grad()
        gc.collect()
        tracemalloc.start()
        with tapegrad.record():
            y = f(x)
        held[name] = tracemalloc.get_traced_memory()[0] / BYTES
        tracemalloc.stop()
        y.backward()
    assert STEPS <= held["plain"] < STEPS + 1
    assert held["in stretches"] < 4 + 1


def of(x: Any) -> Any:
    """A weak reference to the value under a handle."""
    return ref(x._value)


@pytest.mark.parametrize(
    ("op", "input_kept", "output_kept"),
    [
        (lambda x: x + 1.0, False, False),
        (lambda x: x * 2.0, False, False),
        (tnp.negative, False, False),
        (tnp.tanh, True, False),
        (tnp.exp, False, True),
        (tnp.sqrt, False, True),
        (tnp.sin, True, False),
        (lambda x: x * x, True, False),
        (lambda x: tnp.sum(x, axis=0, keepdims=True), False, False),
        (lambda x: tnp.reshape(x, (2, 2)), False, False),
        (lambda x: x[1:], False, False),
        (lambda x: tnp.concat([x, x]), False, False),
        (lambda x: tnp.where(tnp.asarray([True, False, True, True]), x, 0.0), False, False),
    ],
)
def test_nothing_is_kept_that_no_formula_named(op: Any, input_kept: bool, output_kept: bool) -> None:
    """The value of an input, or of the output, lives on with the graph only where the derivative needs it."""
    x = tnp.asarray(np.asarray([1.0, 2.0, 3.0, 4.0]))
    x.attach_grad()
    with tapegrad.record():
        h = x + 0.5
        y = op(h)
        head = tnp.sum(y + 1.0)
        kept = of(h), of(y)
        del h, y
    assert [value() is not None for value in kept] == [input_kept, output_kept]
    head.backward()
    assert [value() for value in kept] == [None, None]


def test_values_are_freed_as_the_sweep_passes() -> None:
    """When it comes to an early value, what was kept later in the program is gone, and what came before is there."""
    x = tnp.asarray(np.asarray([1.0, 2.0]))
    x.attach_grad()
    seen = []
    with tapegrad.record():
        a = tnp.exp(x)
        b = tnp.sqrt(a * 1.0)
        c = tnp.exp(b * 1.0)
        values = [of(a), of(b), of(c)]
        head = tnp.sum(c)
        b.register_hook(lambda g: seen.append([value() is not None for value in values]))
        del a, b, c
    head.backward()
    assert seen == [[True, True, False]]
    assert [value() for value in values] == [None, None, None]


def test_a_graph_that_is_dropped_is_freed_without_the_collector() -> None:
    """Handles and nodes make no cycles: not in a tape, a transform, a custom rule, a checkpoint, a batch."""
    twice = tapegrad.custom(lambda x: x * 2)
    twice.defvjp(x=lambda g: g * 2)
    x = tnp.asarray(np.asarray([1.0, 2.0]))
    programs = {
        "ops": lambda v: tnp.tanh(v),
        "grad": tapegrad.grad(lambda v: tnp.sum(tnp.tanh(v))),
        "jvp": lambda v: tapegrad.jvp(tnp.tanh, (v,), (v,))[1],
        "vmap": tapegrad.vmap(tnp.tanh),
        "vmap of grad": tapegrad.vmap(tapegrad.grad(tnp.tanh)),
        "hessian": tapegrad.hessian(lambda v: tnp.sum(tnp.tanh(v))),
        "custom": lambda v: tnp.tanh(twice(v)),
        "checkpoint": tapegrad.checkpoint(tnp.tanh),
        "pull": lambda v: tapegrad.vjp(tnp.tanh, v)[1](v)[0],
    }
    for name, program in programs.items():
        x.attach_grad()
        program(x)
        gc.collect()
        gc.disable()
        try:
            with tapegrad.record():
                h = x * 1.0
                y = program(h)
                kept = ref(h._node), of(h), ref(y._node)
                del h, y
            assert [thing() for thing in kept] == [None, None, None], name
        finally:
            gc.enable()
