"""W13: programs that users have met as slow, here or elsewhere: what grows faster than it must shows here.

Sizes are those at which the fault was seen, or as large as a slow peer allows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.case import Case, Goal, Step, beside_hand, faster_than

Arrays = tuple[np.ndarray, ...]


def beside_hips(most: float) -> Goal:
    """Tapegrad's time over that of HIPS/autograd: a ceiling."""
    return Goal("tapegrad", "hips", True, final=most)


# Least squares on NumPy data, which a gradient is not to copy.


def regression(rows: int, columns: int) -> Arrays:
    """Data, targets, weights."""
    draw = np.random.default_rng(0)
    return draw.standard_normal((rows, columns)), draw.standard_normal(rows), draw.standard_normal(columns)


def regression_by_hand(problem: Arrays) -> Step:
    """NumPy by hand."""
    x, y, w = problem

    def step() -> Arrays:
        error = x @ w - y
        return np.mean(error * error), x.T @ (2 / len(y) * error)

    return step


def regression_on_a_tape(grad: Any, xp: Any, problem: Arrays) -> Step:
    """A loss that closes over NumPy arrays, under a `value_and_grad`."""
    x, y, w = problem
    slope = grad(lambda w: xp.mean((xp.dot(x, w) - y) ** 2))
    return lambda: tuple(map(xp.asarray, slope(w)))  # type: ignore[no-any-return]


# A convolution of two long sequences.


def sequences(length: int) -> Arrays:
    """Two of them."""
    draw = np.random.default_rng(1)
    return draw.standard_normal(length), draw.standard_normal(length)


def convolution_by_hand(problem: Arrays) -> Step:
    """NumPy by hand: the gradient of half the squares' sum."""
    x, y = problem

    def step() -> Arrays:
        out = np.convolve(x, y)
        return np.correlate(out, y, "valid"), np.correlate(out, x, "valid")

    return step


def convolution_on_a_tape(grad: Any, xp: Any, convolve: Any, problem: Arrays) -> Step:
    """The gradient in both sequences, of one call each."""
    x, y = problem

    def half(x: Any, y: Any) -> Any:
        return 0.5 * xp.sum(convolve(x, y) ** 2)

    slopes = grad(half, 0), grad(half, 1)
    return lambda: tuple(xp.asarray(slope(x, y)) for slope in slopes)


# Many numbers in a list.


def leaves_by_hand(problem: Arrays) -> Step:
    """NumPy by hand."""
    (x,) = problem

    def step() -> Arrays:
        return (2 * x,)

    return step


def leaves_on_a_tape(grad: Any, xp: Any, problem: Arrays) -> Step:
    """The gradient of a function of a list of floats."""
    numbers = problem[0].tolist()
    slope = grad(lambda parts: sum(part * part for part in parts))
    return lambda: (xp.asarray(np.array(slope(numbers))),)


# A loop over the rows of an array.


def rows_by_hand(problem: Arrays) -> Step:
    """NumPy by hand."""
    (x,) = problem

    def step() -> Arrays:
        g = np.empty_like(x)
        for i in range(len(x)):
            g[i] = 2 * x[i]
        return (g,)

    return step


def rows_in_tapegrad(problem: Arrays) -> Step:
    """Tapegrad: each row by its number."""
    import tapegrad
    import tapegrad.numpy as tnp

    x = tnp.asarray(problem[0])
    slope = tapegrad.grad(lambda x: sum(tnp.sum(x[i] * x[i]) for i in range(len(x))))
    return lambda: (slope(x),)


def rows_in_torch(problem: Arrays) -> Step:
    """PyTorch, alike."""
    import torch

    x = torch.tensor(problem[0], requires_grad=True)

    def step() -> tuple[Any]:
        total = sum(torch.sum(x[i] * x[i]) for i in range(len(x)))
        return torch.autograd.grad(total, [x])

    return step


# Boxes that overlap.


def boxes(count: int) -> Arrays:
    """Scores and corners, as a batch of one."""
    draw = np.random.default_rng(2)
    corner = draw.uniform(0, 1, (count, 2))
    rows = [
        np.zeros((count, 1)),
        (1 + draw.permutation(count)[:, None]) / count,
        corner,
        corner + draw.uniform(0.1, 0.4, (count, 2)),
    ]
    return (np.concatenate(rows, axis=1)[None].astype(np.float32),)


def boxes_by_hand(problem: Arrays) -> Step:
    """NumPy by hand: one box after another, the best first."""
    (data,) = problem

    def step() -> Arrays:
        rest = data[0][np.argsort(-data[0, :, 1], kind="stable")]
        out = np.full_like(data, -1)
        kept = 0
        while len(rest):
            best, rest = rest[0], rest[1:]
            out[0, kept] = best
            kept += 1
            sides = np.minimum(best[4:], rest[:, 4:]) - np.maximum(best[2:4], rest[:, 2:4])
            shared = np.prod(np.maximum(sides, 0), axis=1)
            areas = np.prod(rest[:, 4:] - rest[:, 2:4], axis=1)
            rest = rest[shared <= 0.5 * (np.prod(best[4:] - best[2:4]) + areas - shared)]
        return (out,)

    return step


def boxes_in_tapegrad(problem: Arrays) -> Step:
    """Tapegrad: MXNet's function."""
    from tapegrad import nd

    data = nd.array(problem[0])
    return lambda: (nd.contrib.box_nms(data, overlap_thresh=0.5, coord_start=2, score_index=1, id_index=0),)


def tapegrads(form: Any, *names: str, values: bool = False) -> Any:
    """A form over `tapegrad.numpy`, with functions of it by their names."""

    def chosen(problem: Arrays) -> Step:
        import tapegrad
        import tapegrad.numpy as tnp

        return form(
            tapegrad.value_and_grad if values else tapegrad.grad, tnp, *[getattr(tnp, n) for n in names], problem
        )

    return chosen


def hips(form: Any, *, convolving: bool = False, values: bool = False) -> Any:
    """A form over HIPS/autograd."""

    def chosen(problem: Arrays) -> Step:
        import autograd
        import autograd.numpy as anp
        from autograd.scipy.signal import convolve

        grad = autograd.value_and_grad if values else autograd.grad
        return form(grad, anp, *([convolve] if convolving else []), problem)

    return chosen


def cases(tiny: bool = False) -> list[Case]:
    """All of them."""
    forms: list[tuple[str, str, Arrays, dict[str, Any], tuple[Goal, ...], float | None]] = [
        (
            "constants",
            "least squares on NumPy data",
            regression(*((20, 3) if tiny else (20000, 784))),
            {
                "hand": regression_by_hand,
                "tapegrad": tapegrads(regression_on_a_tape, values=True),
                "hips": hips(regression_on_a_tape, values=True),
            },
            (beside_hand(), beside_hips(1.1)),
            None,
        ),
        (
            "convolve",
            "gradients of a convolution",
            sequences(9 if tiny else 8000),
            {
                "hand": convolution_by_hand,
                "tapegrad": tapegrads(convolution_on_a_tape, "convolve"),
                "hips": hips(convolution_on_a_tape, convolving=True),
            },
            (beside_hand(), beside_hips(1.5)),
            None,
        ),
        (
            "leaves",
            "gradient of a list of floats",
            (np.linspace(1, 2, 5 if tiny else 200),),
            {"hand": leaves_by_hand, "tapegrad": tapegrads(leaves_on_a_tape), "hips": hips(leaves_on_a_tape)},
            (beside_hips(1.0),),
            None,
        ),
        (
            "rows",
            "a loop over rows",
            (np.random.default_rng(3).standard_normal((5 if tiny else 2000, 100)),),
            {"hand": rows_by_hand, "tapegrad": rows_in_tapegrad, "torch": rows_in_torch},
            (beside_hand(), faster_than("torch", final=5.0)),
            None,
        ),
        (
            "boxes",
            "box_nms",
            boxes(7 if tiny else 500),
            {"hand": boxes_by_hand, "tapegrad": boxes_in_tapegrad},
            (beside_hand(),),
            0.01,
        ),
    ]
    return [
        Case("W13", label, what, lambda problem=problem: problem, peers, goals, limit=limit)
        for label, what, problem, peers, goals, limit in forms
    ]
