"""W2: the tutorial's function with a `while` and an `if`, on a vector of three: recorded and run backward."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.case import Case, Step, beside_hand, compiled_beside_hand, faster_than


def vector() -> np.ndarray:
    """The tutorial's own numbers: the first three normals of MXNet's unseeded stream (nine turns of the loop)."""
    return np.array([2.2122064, 0.7740038, 1.0434403], dtype=np.float32)


def by_hand(a: np.ndarray, *, summed: bool = False) -> Step:
    """NumPy by hand: count the doublings, then undo them one by one."""

    def step() -> tuple[np.ndarray, np.ndarray]:
        b = a * 2
        doublings = 1
        while np.linalg.norm(b) < 1000:
            b = b * 2
            doublings += 1
        positive = np.sum(b) > 0
        c = b if positive else 100 * b
        g = np.ones_like(c)
        if not positive:
            g = 100 * g
        for _ in range(doublings):
            g = g * 2
        return np.sum(c) if summed else c, g

    return step


def tutorial(*, summed: bool = False) -> Callable[[Any], tuple[Any, Any]]:
    """The tutorial's own cells, recorded and run backward: the result, and the gradient of the array."""
    from tapegrad import autograd, nd

    def f(a: nd.NDArray) -> nd.NDArray:
        b = a * 2
        while nd.norm(b).asscalar() < 1000:
            b = b * 2
        return b if nd.sum(b).asscalar() > 0 else 100 * b

    def run(a: nd.NDArray) -> tuple[nd.NDArray, nd.NDArray]:
        with autograd.record():
            c = nd.sum(f(a)) if summed else f(a)
        c.backward()
        return c, a.grad

    return run


def by_tapegrad(*problems: np.ndarray, summed: bool = False, compiled: bool = False) -> Step:
    """Tapegrad: of one input after the other; `summed`, with the sum of the result."""
    import tapegrad

    run = tutorial(summed=summed)
    if compiled:
        run = tapegrad.compile(run)
    inputs = [tapegrad.nd.array(problem) for problem in problems]
    for a in inputs:
        a.attach_grad()

    def step() -> tuple[Any, ...]:
        return tuple([part for a in inputs for part in run(a)])

    return step


def by_torch(problem: np.ndarray) -> Step:
    """PyTorch eager."""
    import torch

    a = torch.tensor(problem, requires_grad=True)

    def f(a: torch.Tensor) -> torch.Tensor:
        b = a * 2
        while torch.linalg.norm(b).item() < 1000:
            b = b * 2
        return b if torch.sum(b).item() > 0 else 100 * b

    def step() -> tuple[torch.Tensor, torch.Tensor]:
        a.grad = None
        c = f(a)
        c.backward(torch.ones_like(c))
        return c, a.grad

    return step


def by_hips(a: np.ndarray) -> Step:
    """HIPS/autograd, whose boxed scalars compare as numbers do."""
    import autograd.numpy as anp
    from autograd import make_vjp

    def f(a: np.ndarray) -> np.ndarray:
        b = a * 2
        while anp.linalg.norm(b) < 1000:
            b = b * 2
        return b if anp.sum(b) > 0 else 100 * b

    def step() -> tuple[np.ndarray, np.ndarray]:
        pull, c = make_vjp(f)(a)
        return c, pull(np.ones_like(c))

    return step


FORMS = {
    "hand": by_hand,
    "tapegrad": by_tapegrad,
    "compiled": partial(by_tapegrad, compiled=True),
    "torch": by_torch,
    "hips": by_hips,
}


SCALES = (1.0, 0.1, 30.0, 0.003, 5.0)


def varied_by_hand(a: np.ndarray) -> Step:
    """NumPy by hand, of inputs that take different numbers of turns."""
    steps = [by_hand(a * np.float32(scale)) for scale in SCALES]
    return lambda: tuple([part for step in steps for part in step()])


def varied(a: np.ndarray, *, compiled: bool) -> Step:
    """Tapegrad, of the same."""
    return by_tapegrad(*[a * np.float32(scale) for scale in SCALES], compiled=compiled)


VARIED = {
    "hand": varied_by_hand,
    "tapegrad": partial(varied, compiled=False),
    "compiled": partial(varied, compiled=True),
}
SUMMED = {
    "hand": partial(by_hand, summed=True),
    "tapegrad": partial(by_tapegrad, summed=True),
    "compiled": partial(by_tapegrad, summed=True, compiled=True),
}


def cases(tiny: bool = False) -> list[Case]:
    """The function, which is tiny as it stands, and the sum of its result."""
    goals = (compiled_beside_hand(0.3), beside_hand(final=2.0), faster_than("torch"), faster_than("hips"))
    what = "the tutorial's while loop on a vector of three"
    return [
        Case("W2", "", what, vector, FORMS, goals, rtol=1e-6),
        Case(
            "W2",
            "varied",
            f"{what}: five, with different numbers of turns",
            vector,
            VARIED,
            (compiled_beside_hand(0.3), beside_hand()),
            rtol=1e-6,
        ),
        Case(
            "W2",
            "summed",
            f"{what}, summed",
            vector,
            SUMMED,
            (compiled_beside_hand(0.3), beside_hand()),
            rtol=1e-6,
            limit=0.45,
        ),
    ]
