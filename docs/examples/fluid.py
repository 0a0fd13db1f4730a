"""A fluid: find the stir that carries a drop of ink into a ring.

What is learnt here: a simulation is a program like any other. Every step moves the ink and the velocity along the
velocity and then takes out whatever flows together or apart, in plain array-API code on a square whose opposite sides
are joined. The gradient runs through the whole simulation, backwards in time, to the velocity at the beginning.

    python docs/examples/fluid.py --plot ink.png
"""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from tqdm import tqdm
from workbench import natural, positive

import tapegrad

SIZE, STEPS, RELAXATIONS = 24, 12, 12


def carry(field: Any, down: Any, right: Any) -> Any:
    """The field (n, n) one step later: each cell holds what was where its velocity comes from, between four cells."""
    xp = array_namespace(down)
    size = field.shape[0]
    here = xp.arange(size, dtype=field.dtype)
    row, column = here[:, None] - down, here[None, :] - right
    top, left = xp.floor(row), xp.floor(column)
    below, beyond = row - top, column - left
    top, left = xp.astype(top, xp.int64), xp.astype(left, xp.int64)

    def cell(rows: Any, columns: Any) -> Any:
        places = xp.remainder(rows, size) * size + xp.remainder(columns, size)
        return xp.reshape(xp.take(xp.reshape(field, (-1,)), xp.reshape(places, (-1,))), field.shape)

    upper = (1 - beyond) * cell(top, left) + beyond * cell(top, left + 1)
    lower = (1 - beyond) * cell(top + 1, left) + beyond * cell(top + 1, left + 1)
    return (1 - below) * upper + below * lower


def conserve(down: Any, right: Any) -> tuple[Any, Any]:
    """The velocity (n, n) without the part that flows together or apart, by relaxing the pressure some times."""
    xp = array_namespace(down)

    def next_row(field: Any, by: int) -> Any:
        return xp.roll(field, -by, axis=0)

    def next_column(field: Any, by: int) -> Any:
        return xp.roll(field, -by, axis=1)

    source = (next_row(down, 1) - next_row(down, -1) + next_column(right, 1) - next_column(right, -1)) / 2
    pressure = xp.zeros_like(source)
    for _ in range(RELAXATIONS):
        around = next_row(pressure, 1) + next_row(pressure, -1) + next_column(pressure, 1) + next_column(pressure, -1)
        pressure = (around - source) / 4
    down = down - (next_row(pressure, 1) - next_row(pressure, -1)) / 2
    right = right - (next_column(pressure, 1) - next_column(pressure, -1)) / 2
    return down, right


def flow(velocity: Any, ink: Any, steps: int = STEPS) -> Any:
    """The ink (n, n) after some steps, for a velocity (2, n, n) at the beginning: cells down and right per step."""
    xp = array_namespace(velocity)
    ink = xp.asarray(ink)
    down, right = conserve(velocity[0, ...], velocity[1, ...])
    for _ in range(steps):
        ink = carry(ink, down, right)
        down, right = conserve(carry(down, down, right), carry(right, down, right))
    return ink


def distance(velocity: Any, ink: Any, wanted: Any) -> Any:
    """Mean squared difference between the ink at the end and the picture wanted, a scalar."""
    xp = array_namespace(velocity)
    return xp.mean((flow(velocity, ink) - xp.asarray(wanted)) ** 2)


def data(size: int = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """A drop of ink in the middle of the square, and a ring as picture wanted, both (n, n) and of equal ink."""
    across = (np.arange(size) + 0.5) / size - 0.5
    radius = np.hypot(across[:, None], across[None, :])
    drop, ring = np.exp(-((radius / 0.16) ** 4)), np.exp(-(((radius - 0.24) / 0.07) ** 2))
    return drop, ring * (drop.sum() / ring.sum())


def fit(steps: int, seed: int) -> tuple[np.ndarray, list[float]]:
    """The velocity found by gradient descent with momentum, from a faint random one, and the distance at each step."""
    ink, wanted = data()
    fall = tapegrad.value_and_grad(distance)
    velocity = 0.05 * np.random.default_rng(seed).standard_normal((2, SIZE, SIZE))
    speed = np.zeros_like(velocity)
    distances = []
    for _ in tqdm(range(steps), desc="fluid", disable=None):
        value, slope = fall(velocity, ink, wanted)
        distances.append(float(value))
        speed = 0.9 * speed - 30.0 * slope
        velocity = velocity + speed
    return velocity, distances


def plot(path: str, velocity: np.ndarray) -> None:
    """Draw the ink at some moments, and the picture wanted, into a PNG file."""
    from matplotlib.figure import Figure

    ink, wanted = data()
    moments = [0, STEPS // 3, 2 * STEPS // 3, STEPS]
    pictures = [(f"step {moment}", flow(velocity, ink, moment)) for moment in moments] + [("wanted", wanted)]
    figure = Figure(figsize=(9.6, 2.4), layout="constrained")
    for axes, (title, picture) in zip(figure.subplots(1, len(pictures)), pictures, strict=True):
        axes.imshow(picture, cmap="Blues", vmin=0, vmax=1, interpolation="bicubic")
        axes.set(title=title, xticks=[], yticks=[])
    figure.savefig(path, format="png", dpi=120)


def main(argv: Sequence[str] | None = None) -> None:
    """Find the stir, say how close the ink came, and draw it if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=positive, default=100, help="of gradient descent (default 100)")
    parser.add_argument("--seed", type=natural, default=0, help="of the first velocity (default 0)")
    parser.add_argument("--plot", metavar="FILE", help="draw the ink into this PNG file")
    chosen = parser.parse_args(argv)
    velocity, distances = fit(chosen.steps, chosen.seed)
    print(f"final distance  {distance(velocity, *data()):.5f}, at the start {distances[0]:.5f}")
    if chosen.plot:
        plot(chosen.plot, velocity)


if __name__ == "__main__":
    main()
