"""Robust regression: fit a curve to points of which every fifth is a lie.

What is learnt here: squares believe a point all the more, the wilder it is. Huber's loss is a square near the curve and
a straight line far from it, so that a wild point pulls no harder than any other: one `where` in plain array-API code.
Its Hessian is as easily had as its gradient, and Newton's method needs a handful of steps.

    python docs/examples/robust_regression.py --plot curve.png
"""

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from workbench import natural, positive

import tapegrad

TRUE_COEFFICIENTS = (0.5, -1.0, 0.3, 0.8)
NOISE, BEND = 0.15, 0.3


def curve(coefficients: Any, places: Any) -> Any:
    """The polynomial with these coefficients (k,), lowest first, at the places (n,): (n,)."""
    xp = array_namespace(coefficients)
    powers = xp.stack([places**power for power in range(coefficients.shape[0])], axis=-1)
    return xp.matmul(powers, coefficients)


def huber_loss(coefficients: Any, places: Any, values: Any) -> Any:
    """Mean of Huber's loss of the distances between curve and values (n,), a scalar: square, beyond the bend straight.

    See P. J. Huber, Robust estimation of a location parameter, 1964.
    """
    xp = array_namespace(coefficients)
    apart = xp.abs(curve(coefficients, xp.asarray(places)) - xp.asarray(values))
    return xp.mean(xp.where(apart < BEND, apart**2 / 2, BEND * (apart - BEND / 2)))


def square_loss(coefficients: Any, places: Any, values: Any) -> Any:
    """Half the mean squared distance between curve and values (n,), a scalar."""
    xp = array_namespace(coefficients)
    return xp.mean((curve(coefficients, xp.asarray(places)) - xp.asarray(values)) ** 2) / 2


def data(count: int = 100, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Places (n,) and values (n,): noisy points of the true curve, every fifth far above it."""
    stream = np.random.default_rng(seed)
    places = np.linspace(-1.5, 1.5, count)
    values = curve(np.array(TRUE_COEFFICIENTS), places) + NOISE * stream.standard_normal(count)
    values[::5] += stream.uniform(2, 6, len(values[::5]))
    return places, values


def newton(
    loss: Callable[..., Any], places: np.ndarray, values: np.ndarray, steps: int
) -> tuple[np.ndarray, list[float]]:
    """The coefficients after some steps of Newton's method from zero, and the loss before each step."""
    value_and_slope, bending = tapegrad.value_and_grad(loss), tapegrad.hessian(loss)
    coefficients = np.zeros(len(TRUE_COEFFICIENTS))
    losses = []
    for _ in range(steps):
        value, slope = value_and_slope(coefficients, places, values)
        losses.append(float(value))
        # Far from all points Huber's loss is straight, and its Hessian zero: a little is added to keep steps finite.
        curvature = bending(coefficients, places, values) + 1e-2 * np.eye(len(coefficients))
        step = np.linalg.solve(curvature, -slope)
        # A full step may overshoot from one straight piece to another: shorten it until the loss no longer grows.
        while float(loss(coefficients + step, places, values)) > losses[-1] + 1e-12:
            step = step / 2
        coefficients = coefficients + step
    return coefficients, losses


def plot(path: str, places: np.ndarray, values: np.ndarray, found: dict[str, np.ndarray]) -> None:
    """Draw the points and the curves found into a PNG file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(places, values, "k.", markersize=4, alpha=0.6, label="points")
    axes.plot(places, curve(np.array(TRUE_COEFFICIENTS), places), "k--", linewidth=1, label="true")
    for name, coefficients in found.items():
        axes.plot(places, curve(coefficients, places), label=name)
    axes.set(title="Robust regression", xlabel="place", ylabel="value")
    axes.legend()
    figure.savefig(path, format="png", dpi=120)


def main(argv: Sequence[str] | None = None) -> None:
    """Fit with squares and with Huber's loss, say what each found, and draw both if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=positive, default=15, help="of Newton's method (default 15)")
    parser.add_argument("--seed", type=natural, default=0, help="of the noise and the lies (default 0)")
    parser.add_argument("--plot", metavar="FILE", help="draw the curves into this PNG file")
    chosen = parser.parse_args(argv)
    places, values = data(seed=chosen.seed)
    found = {}
    for name, loss in {"squares": square_loss, "Huber's loss": huber_loss}.items():
        found[name], losses = newton(loss, places, values, chosen.steps)
        coefficients = ", ".join(f"{coefficient:6.3f}" for coefficient in found[name])
        print(f"{name:14} final loss {losses[-1]:.4f}   coefficients {coefficients}")
    print(f"{'true':35} coefficients {', '.join(f'{coefficient:6.3f}' for coefficient in TRUE_COEFFICIENTS)}")
    if chosen.plot:
        plot(chosen.plot, places, values, found)


if __name__ == "__main__":
    main()
