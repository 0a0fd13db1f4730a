"""W1: a chain of elementwise operations on small arrays, where nearly all the time is the library's own overhead.

Three operations in turn, ``x * a``, ``x + b``, ``sin(x)``, in float64; then the gradients in x, a and b, or, with a and
b constants, in x alone. The first is the harder one beside PyTorch, the second beside NumPy by hand, which then has
next to nothing to do on the way back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.case import Case, Step, as_compiled, beside_hand, compiled_beside_hand, faster_than


@dataclass(frozen=True)
class Chain:
    """The chain's inputs, how many times the three operations are applied, and whether a and b are constants."""

    x: np.ndarray
    a: np.ndarray
    b: np.ndarray
    rounds: int
    constants: bool


def chain(shape: tuple[int, ...], rounds: int, constants: bool = False) -> Chain:
    """A chain whose gradient neither vanishes nor explodes, however many rounds it has."""
    draw = np.random.default_rng(0)
    # x = sin(a x) with a just above 1 settles where the slope a cos(a x) is about 3 - 2a; over n rounds, a = 1 + u/n
    # leaves a gradient of about exp(-2u).
    return Chain(
        x=np.asarray(draw.uniform(0.5, 1.0, shape)),
        a=np.asarray(1 + draw.uniform(0.3, 1.0, shape) / rounds),
        b=np.asarray(draw.uniform(0.0, 0.01, shape) / rounds),
        rounds=rounds,
        constants=constants,
    )


def by_hand(problem: Chain) -> Step:
    """NumPy by hand: keep what each product and each sine need, then walk back."""
    x0, a, b, rounds = problem.x, problem.a, problem.b, problem.rounds
    sin, cos = np.sin, np.cos

    def step() -> tuple[np.ndarray, ...]:
        x, kept = x0, []
        keep = kept.append
        for _ in range(rounds):
            keep(x)
            x = x * a
            x = x + b
            keep(x)
            x = sin(x)
        g = np.ones_like(x)
        ga = gb = np.zeros_like(x)
        while kept:
            g = g * cos(kept.pop())
            gb = gb + g
            ga = ga + g * kept.pop()
            g = g * a
        return x, g, ga, gb

    def step_with_constants() -> tuple[np.ndarray, ...]:
        x, kept = x0, []
        keep = kept.append
        for _ in range(rounds):
            x = x * a
            x = x + b
            keep(x)
            x = sin(x)
        g = np.ones_like(x)
        while kept:
            g = g * cos(kept.pop())
            g = g * a
        return x, g

    return step_with_constants if problem.constants else step


def by_tapegrad(problem: Chain) -> Step:
    """Tapegrad's imperative face."""
    from tapegrad import autograd, nd

    x0, a, b = inputs = [nd.array(value, dtype="float64") for value in (problem.x, problem.a, problem.b)]
    variables = inputs[:1] if problem.constants else inputs
    for variable in variables:
        variable.attach_grad()
    sin = nd.sin

    def step() -> tuple[nd.NDArray, ...]:
        with autograd.record():
            x = x0
            for _ in range(problem.rounds):
                x = x * a
                x = x + b
                x = sin(x)
        x.backward()
        return x, *(variable.grad for variable in variables)

    return step


def by_torch(problem: Chain) -> Step:
    """PyTorch eager."""
    import torch

    x0, a, b = inputs = [torch.tensor(value) for value in (problem.x, problem.a, problem.b)]
    variables = inputs[:1] if problem.constants else inputs
    for variable in variables:
        variable.requires_grad_()
    sin = torch.sin
    ones = torch.ones_like(x0)

    def step() -> tuple[torch.Tensor, ...]:
        for variable in variables:
            variable.grad = None
        x = x0
        for _ in range(problem.rounds):
            x = x * a
            x = x + b
            x = sin(x)
        x.backward(ones)
        return x, *(variable.grad for variable in variables)

    return step


def by_hips(problem: Chain) -> Step:
    """HIPS/autograd."""
    import autograd.numpy as anp
    from autograd import make_vjp

    sin = anp.sin

    def function(x: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        for _ in range(problem.rounds):
            x = x * a
            x = x + b
            x = sin(x)
        return x

    pull_and_value = make_vjp(function, argnum=(0,) if problem.constants else (0, 1, 2))

    def step() -> tuple[np.ndarray, ...]:
        pull, value = pull_and_value(problem.x, problem.a, problem.b)
        return value, *pull(np.ones_like(problem.x))

    return step


FORMS = {
    "hand": by_hand,
    "tapegrad": by_tapegrad,
    "compiled": as_compiled(by_tapegrad),
    "torch": by_torch,
    "hips": by_hips,
}


def cases(tiny: bool = False) -> list[Case]:
    """The chain at each of its shapes, with the goals of the first release and the final ones where they are set."""
    rounds = 4 if tiny else 334
    goals = {
        (): (
            beside_hand(final=2.0),
            faster_than("torch", final=5.5),
            faster_than("hips", final=13.0),
        ),
        (1,): (),
        (10,): (
            beside_hand(2.1, 1.7),
            faster_than("torch", 3.0, 3.5),
            faster_than("hips", final=8.0),
        ),
        (100,): (),
    }
    compiled = {(): 0.06, (10,): 0.1}
    others = (beside_hand(), faster_than("torch"), faster_than("hips"))
    return [
        Case(
            "W1",
            str(shape).replace(" ", "") + (" constants" if constants else ""),
            f"chain of {3 * rounds} elementwise ops, per op",
            partial(chain, shape, rounds, constants),
            FORMS,
            (compiled_beside_hand(compiled.get(shape)), *(bounds or others)),
            per=3 * rounds,
            limit=1.02 if shape in ((), (10,)) and not constants else None,
        )
        for constants in (False, True)
        for shape, bounds in goals.items()
    ]
