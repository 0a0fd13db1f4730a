"""Bayesian regression by Hamiltonian Monte Carlo: not the best line, but all lines that the points allow.

What is learnt here: a sampler needs the gradient of a log density and nothing else. The density is written down once;
chains are a batch, for which `tapegrad.vmap` makes one program of it, and a trajectory is a loop of leapfrogs.

    python docs/examples/hamiltonian.py --plot lines.png
"""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
from tqdm import tqdm
from workbench import natural, positive

import tapegrad
import tapegrad.numpy as tnp

TRUTH = {"slope": 0.8, "offset": -0.5, "noise": 0.4}
CHAINS, LEAPS, STEP = 16, 10, 0.04


def data(count: int = 20, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Places (n,) and noisy values (n,)."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(-2, 2, count)
    return places, TRUTH["slope"] * places + TRUTH["offset"] + TRUTH["noise"] * rng.standard_normal(count)


def log_density(settings: Any, places: Any, values: Any) -> Any:
    """The logarithm of the posterior density, up to a constant, of (slope, offset, log noise), of shape (3,)."""
    slope, offset, log_noise = settings
    errors = (values - slope * places - offset) / tnp.exp(log_noise)
    prior = -(slope**2 + offset**2 + log_noise**2) / 2
    return prior - tnp.sum(errors**2) / 2 - len(values) * log_noise


def sample(places: np.ndarray, values: np.ndarray, draws: int, seed: int) -> tuple[np.ndarray, float]:
    """Samples (draws, chains, 3), and which part of the proposals was accepted."""
    rng = tnp.random.default_rng(seed)

    @tapegrad.compile
    def propose(settings: Any, momentum: Any) -> tuple[Any, Any]:
        """The end of a trajectory, and how much the total energy has grown on the way."""
        slope_of = tapegrad.vmap(tapegrad.value_and_grad(lambda s: log_density(s, places, values)))
        height, force = slope_of(settings)
        start = height - tnp.sum(momentum**2, axis=1) / 2
        for _ in range(LEAPS):
            momentum = momentum + STEP / 2 * force
            settings = settings + STEP * momentum
            height, force = slope_of(settings)
            momentum = momentum + STEP / 2 * force
        return settings, start - height + tnp.sum(momentum**2, axis=1) / 2

    settings = 0.1 * rng.standard_normal((CHAINS, 3), dtype="float64")
    kept, accepted = [], 0.0
    for _ in tqdm(range(draws), disable=None):
        proposed, growth = propose(settings, rng.standard_normal((CHAINS, 3), dtype="float64"))
        taken = rng.random(CHAINS, dtype="float64") < tnp.exp(-growth)
        settings = tnp.where(taken[:, None], proposed, settings)
        accepted += taken.mean().item() / draws
        kept.append(settings.asnumpy())
    return np.stack(kept), accepted


def mixing(samples: np.ndarray) -> np.ndarray:
    """For each setting how far the chains are from telling the same: 1 where they do (Gelman and Rubin, 1992)."""
    within = samples.var(axis=0, ddof=1).mean(axis=0)
    between = samples.mean(axis=0).var(axis=0, ddof=1)
    return np.sqrt(1 - 1 / len(samples) + between / within)


def plot(path: str, samples: np.ndarray, places: np.ndarray, values: np.ndarray) -> None:
    """Draw the points and two hundred lines that they allow into a PNG file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    across = np.linspace(-3, 3, 2)
    for slope, offset, _ in samples.reshape(-1, 3)[:: max(1, samples.size // 600)]:
        axes.plot(across, slope * across + offset, color="tab:blue", alpha=0.06)
    axes.plot(places, values, "k.")
    axes.set(title="Lines that the points allow", xlabel="place", ylabel="value")
    figure.savefig(path, format="png", dpi=120)


def main(argv: Sequence[str] | None = None) -> None:
    """Draw samples, say what they have in common, and draw lines if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--draws", type=positive, default=500, help="samples of each chain (default 500)")
    parser.add_argument("--seed", type=natural, default=0, help="of the draws (default 0)")
    parser.add_argument("--plot", metavar="FILE", help="draw the lines into this PNG file")
    chosen = parser.parse_args(argv)
    places, values = data()
    samples, accepted = sample(places, values, chosen.draws, chosen.seed)
    settled = samples[len(samples) // 5 :]
    print(f"accepted  {accepted:.2f}")
    for i, (name, truth) in enumerate(TRUTH.items()):
        found = np.exp(settled[..., i]) if name == "noise" else settled[..., i]
        print(f"{name:9} {found.mean():.3f} ± {found.std():.3f} (true: {truth})")
    if len(settled) > 1:
        print(f"mixing    {mixing(settled).max():.3f} (1 where all chains tell the same)")
    if chosen.plot:
        plot(chosen.plot, settled, places, values)


if __name__ == "__main__":
    main()
