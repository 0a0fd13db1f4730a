"""A batch of gradients beside operands that are the same for all of it is a loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
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


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("case", SEVERAL[::3])
def test_gradients_from_outside_are_those_of_a_loop(case: Case) -> None:
    """In one operand that is the same for all of the batch, and in the others, which are not."""
    for place, shared in enumerate(case.inputs):
        batch = [as_array(shared if i == place else rows) for i, rows in enumerate(case.batch(2))]
        axes = tuple(None if i == place else 0 for i in range(len(batch)))

        def in_a_batch(*xs: Any) -> Any:
            return tapegrad.vmap(case.scalar, in_axes=axes)(*xs).sum()  # noqa: B023

        def in_a_loop(*xs: Any) -> Any:
            rows = [[x] * 2 if i == place else x for i, x in enumerate(xs)]  # noqa: B023
            return sum(case.scalar(*row) for row in zip(*rows, strict=True))

        several = tuple(range(len(batch)))
        close(tapegrad.grad(in_a_batch, several)(*batch), tapegrad.grad(in_a_loop, several)(*batch), 1e-9)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("case", [pytest.param(*case.values, id=case.id) for case in CASES[::3]])
def test_gradients_of_tangents_from_outside_are_those_of_a_loop(case: Case) -> None:
    """Where the operands are another for each element of the batch, and what they are pushed along is not."""
    direction = tuple(case.direction())

    def tangent(factor: Any, *xs: Any) -> Any:
        return tapegrad.jvp(case.scalar, tuple(x * factor for x in xs), direction)[1]

    def in_a_batch(*xs: Any) -> Any:
        return tapegrad.vmap(tangent, in_axes=(0, *[None] * len(xs)))(np.ones(2), *xs).sum()

    xs = [as_array(x) for x in case.inputs]
    places = tuple(range(len(xs)))
    once = tapegrad.grad(lambda *xs: tangent(1.0, *xs), places)(*xs)
    close(tapegrad.grad(in_a_batch, places)(*xs), [2 * g.asnumpy() for g in once], 1e-9)


THIRD = {
    "a composed op": lambda x, y: tnp.sum(tnp.einsum("i,j->i", x, y) * x * y),
    "an outer product": lambda x, y: tnp.sum(tnp.outer(x, y) * (x * x)[:, None]),
    "a checkpoint": lambda x, y: tnp.sum(tapegrad.checkpoint(lambda a: a * a * tnp.sin(a * y))(x) * x),
    "a checkpoint of two": lambda x, y: tnp.sum(tapegrad.checkpoint(lambda a, b: a * tnp.sin(b) * x)(x, y) * y),
    "pieces": lambda x, y: tnp.sum(tnp.stack([a * b for a, b in zip(x, y, strict=True)]) * x * y),
    "singular values": lambda x, y: tnp.linalg.norm(tnp.outer(x, x) + tnp.diag(tnp.asarray([1.0, 4.0])), 2) * (x @ y),
}
JACOBIANS = {
    "forwards": lambda f: lambda x, y: tapegrad.jacfwd(tapegrad.grad(f))(x, y),
    "backwards": lambda f: lambda x, y: tapegrad.jacrev(tapegrad.grad(f))(x, y),
    "in the other": lambda f: lambda x, y: tapegrad.jacfwd(tapegrad.grad(f), argnums=1)(x, y),
}


@pytest.mark.parametrize("jacobian", JACOBIANS)
@pytest.mark.parametrize("name", THIRD)
def test_third_derivatives_are_the_same_by_every_nesting(name: str, jacobian: str) -> None:
    """Of matrices of second derivatives, in a batch that shares an operand and in none, by difference quotients."""
    of = JACOBIANS[jacobian](THIRD[name])
    xs = [as_array(np.asarray(x)) for x in ([0.4, -0.7], [1.2, 0.3])]
    alone = lambda x, y: tnp.sum(of(x, y) ** 2)
    first = lambda x, y: tnp.sum(tapegrad.vmap(of, in_axes=(0, None))(x[None], y) ** 2)
    second = lambda x, y: tnp.sum(tapegrad.vmap(lambda y: of(x, y))(y[None]) ** 2)
    for place in (0, 1):
        expected = []
        for step in 1e-5 * np.eye(2):
            up, down = ([x + step * sign if i == place else x for i, x in enumerate(xs)] for sign in (1, -1))
            expected.append((alone(*up).item() - alone(*down).item()) / 2e-5)
        for program in (alone, first, second):
            np.testing.assert_allclose(tapegrad.grad(program, place)(*xs).asnumpy(), expected, rtol=1e-5, atol=1e-7)
