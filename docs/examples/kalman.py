"""A Kalman filter: follow something that moves, seen through noise, and learn from the film how noisy it is.

What is learnt here: the filter is a loop, one prediction and one correction for every observation, in plain array-API
code. The likelihood of the whole film is the sum of what each correction was surprised by; its gradient flows back
through all the steps, and gradient ascent finds how restless the thing is and how blurred the eye.

    python docs/examples/kalman.py --plot track.png
"""

import argparse
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from tqdm import tqdm
from workbench import natural, positive

import tapegrad

TRUE_SETTINGS = {"push": 0.3, "blur": 1.0}
STEP = 0.5


def follow(log_settings: Any, seen: Any) -> tuple[Any, Any]:
    """The filtered positions (n,) of what was seen at positions (n,), and the log likelihood of the film, a scalar.

    The state is position and velocity. The settings (2,) are the logarithms of how hard it is pushed at random, and of
    how far from its place it is seen.
    """
    xp = array_namespace(log_settings)
    seen = xp.asarray(seen)
    settings = xp.exp(2 * log_settings)
    move = xp.asarray([[1.0, STEP], [0.0, 1.0]], dtype=seen.dtype)
    shake = settings[0] * xp.asarray([[STEP**3 / 3, STEP**2 / 2], [STEP**2 / 2, STEP]], dtype=seen.dtype)
    state = xp.zeros(2, dtype=seen.dtype)
    spread = 10.0 * xp.eye(2, dtype=seen.dtype)
    total = xp.zeros((), dtype=seen.dtype)
    positions = []
    for time in range(seen.shape[0]):
        state = xp.matmul(move, state)
        spread = xp.matmul(xp.matmul(move, spread), xp.matrix_transpose(move)) + shake
        surprise = seen[time] - state[0]
        variance = spread[0, 0] + settings[1]
        total = total - (surprise**2 / variance + xp.log(2 * math.pi * variance)) / 2
        gain = spread[:, 0] / variance
        state = state + gain * surprise
        spread = spread - gain[:, None] * spread[None, 0, :]
        positions.append(state[0])
    return xp.stack(positions), total


def log_likelihood(log_settings: Any, seen: Any) -> Any:
    """The logarithm of the density of a film (n,), a scalar."""
    return follow(log_settings, seen)[1]


def data(count: int = 120, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """True positions (n,), and where they were seen (n,)."""
    stream = np.random.default_rng(seed)
    push, blur = TRUE_SETTINGS.values()
    factor = np.linalg.cholesky(push**2 * np.array([[STEP**3 / 3, STEP**2 / 2], [STEP**2 / 2, STEP]]))
    state, positions = np.zeros(2), []
    for _ in range(count):
        state = np.array([state[0] + STEP * state[1], state[1]]) + factor @ stream.standard_normal(2)
        positions.append(state[0])
    return np.array(positions), np.array(positions) + blur * stream.standard_normal(count)


def fit(seen: np.ndarray, steps: int) -> tuple[np.ndarray, list[float]]:
    """The logarithms of the settings after some steps of gradient ascent, and the log likelihood before each step."""
    climb = tapegrad.value_and_grad(log_likelihood)
    log_settings = np.zeros(2)
    heights = []
    for _ in tqdm(range(steps), desc="Kalman filter", disable=None):
        height, slope = climb(log_settings, seen)
        heights.append(float(height))
        log_settings = log_settings + 1.0 / len(seen) * slope
    return log_settings, heights


def plot(path: str, positions: np.ndarray, seen: np.ndarray, followed: np.ndarray) -> None:
    """Draw where it was, where it was seen and where the filter says it was, into a PNG file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    times = STEP * np.arange(len(seen))
    axes.plot(times, seen, "k.", markersize=4, alpha=0.5, label="seen")
    axes.plot(times, positions, label="true")
    axes.plot(times, followed, label="filtered")
    axes.set(title="Kalman filter", xlabel="time", ylabel="position")
    axes.legend()
    figure.savefig(path, format="png", dpi=120)


def main(argv: Sequence[str] | None = None) -> None:
    """Learn the settings, say what was found, and draw the track if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=positive, default=60, help="of gradient ascent (default 60)")
    parser.add_argument("--seed", type=natural, default=0, help="of the movement and the blur (default 0)")
    parser.add_argument("--plot", metavar="FILE", help="draw the track into this PNG file")
    chosen = parser.parse_args(argv)
    positions, seen = data(seed=chosen.seed)
    log_settings, heights = fit(seen, chosen.steps)
    followed, height = follow(log_settings, seen)
    print(f"log likelihood  {height:.4f}, at the start {heights[0]:.4f}")
    for (name, truth), found in zip(TRUE_SETTINGS.items(), np.exp(log_settings), strict=True):
        print(f"{name:15} {found:.3f} (true: {truth})")
    print(f"typical error   {np.sqrt(np.mean((followed - positions) ** 2)):.3f}, of what was seen ", end="")
    print(f"{np.sqrt(np.mean((seen - positions) ** 2)):.3f}")
    if chosen.plot:
        plot(chosen.plot, positions, seen, followed)


if __name__ == "__main__":
    main()
