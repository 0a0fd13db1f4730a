"""A Gaussian process: let the data say how smooth, how tall and how noisy the curve behind it is.

What is learnt here: `log_likelihood` is plain array-API code. It asks its argument for its namespace and computes with
that: NumPy, CuPy, JAX, whatever the caller has. It has never heard of gradients, and `tapegrad.value_and_grad` supplies
them all the same, through a Cholesky factor and a triangular solve, so that SciPy can climb to the best settings.

    python docs/examples/gaussian_process.py --plot curve.png
"""

import argparse
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from scipy.optimize import minimize
from workbench import natural, positive

import tapegrad

TRUE_SETTINGS = {"height": 1.5, "length": 0.6, "noise": 0.2}


def kernel(log_settings: Any, left: Any, right: Any) -> Any:
    """The covariance of the curve's values at two sets of places (n,) and (m,): (n, m), large where they are close."""
    xp = array_namespace(log_settings)
    height, length = xp.exp(log_settings[0]), xp.exp(log_settings[1])
    apart = (left[:, None] - right[None, :]) / length
    return height**2 * xp.exp(-(apart**2) / 2)


def noisy_factor(log_settings: Any, places: Any) -> Any:
    """The Cholesky factor of the covariance of noisy values at the places (n,): (n, n), lower triangular."""
    xp = array_namespace(log_settings)
    noise = xp.exp(2 * log_settings[2])
    return xp.linalg.cholesky(
        kernel(log_settings, places, places) + noise * xp.eye(places.shape[0], dtype=places.dtype)
    )


def log_likelihood(log_settings: Any, places: Any, values: Any) -> Any:
    """The logarithm of the density of noisy values (n,) at places (n,), a scalar.

    The settings (3,) are the logarithms of the curve's height, its length and the noise.
    """
    xp = array_namespace(log_settings)
    places, values = xp.asarray(places), xp.asarray(values)
    factor = noisy_factor(log_settings, places)
    whitened = xp.linalg.solve(factor, values)
    log_volume = xp.sum(xp.log(xp.linalg.diagonal(factor)))
    return -xp.sum(whitened**2) / 2 - log_volume - places.shape[0] * math.log(2 * math.pi) / 2


def predict(log_settings: Any, places: Any, values: Any, between: Any) -> tuple[Any, Any]:
    """Mean and standard deviation, both (m,), of the curve at the places `between` (m,), given the noisy values."""
    xp = array_namespace(log_settings)
    factor = noisy_factor(log_settings, places)
    whitened = xp.linalg.solve(factor, values)
    across = xp.linalg.solve(factor, kernel(log_settings, places, between))
    mean = xp.matmul(xp.matrix_transpose(across), whitened)
    variance = xp.exp(2 * log_settings[0]) - xp.sum(across**2, axis=0)
    return mean, xp.sqrt(xp.clip(variance, 0.0))


def data(count: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Places (n,) and noisy values (n,) of a curve drawn from the process with the true settings."""
    stream = np.random.default_rng(seed)
    places = np.sort(stream.uniform(-4, 4, count))
    factor = noisy_factor(np.log(list(TRUE_SETTINGS.values())), places)
    return places, factor @ stream.standard_normal(count)


def fit(places: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """The logarithms of the likeliest settings, and minus the log likelihood after each step that SciPy took."""
    falls: list[float] = []
    objective = tapegrad.value_and_grad(lambda log_settings: -log_likelihood(log_settings, places, values))

    def watch(intermediate_result: Any) -> None:
        falls.append(float(intermediate_result.fun))

    found = minimize(objective, np.zeros(3), jac=True, method="L-BFGS-B", callback=watch)
    return found.x, falls


def plot(path: str, log_settings: np.ndarray, places: np.ndarray, values: np.ndarray) -> None:
    """Draw the values, the curve found and its uncertainty into a PNG file."""
    from matplotlib.figure import Figure

    between = np.linspace(-5, 5, 300)
    mean, deviation = predict(log_settings, places, values, between)
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    axes.fill_between(between, mean - 2 * deviation, mean + 2 * deviation, alpha=0.25, label="two standard deviations")
    axes.plot(between, mean, label="mean of the process")
    axes.plot(places, values, "k.", markersize=5, label="noisy values")
    axes.set(title="Gaussian process", xlabel="place", ylabel="value")
    axes.legend()
    figure.savefig(path, format="png", dpi=120)


def main(argv: Sequence[str] | None = None) -> None:
    """Fit the settings, say what was found, and draw the curve if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=positive, default=60, help="how many noisy values (default 60)")
    parser.add_argument("--seed", type=natural, default=0, help="of the curve and the noise (default 0)")
    parser.add_argument("--plot", metavar="FILE", help="draw the curve into this PNG file")
    chosen = parser.parse_args(argv)
    places, values = data(chosen.count, chosen.seed)
    log_settings, falls = fit(places, values)
    print(f"log likelihood  {-falls[-1]:.4f} after {len(falls)} steps")
    for (name, truth), found in zip(TRUE_SETTINGS.items(), np.exp(log_settings), strict=True):
        print(f"{name:15} {found:.3f} (true: {truth})")
    if chosen.plot:
        plot(chosen.plot, log_settings, places, values)


if __name__ == "__main__":
    main()
