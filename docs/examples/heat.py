"""An inverse problem: where was it hot, if all we know is how warm it is now?

What is learnt here: heat that spreads is a loop of small steps, in which `tapegrad.scan` keeps every moment; its
gradient runs the film backwards, and SciPy's L-BFGS, over a tree of parameters, finds the beginning and how well the
plate conducts.

    python docs/examples/heat.py --plot plate.png
"""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
from workbench import positive

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import optimizers

SIZE, MOMENTS, CONDUCTS = 24, 30, 0.2


def spread(heat: Any, conducts: Any) -> Any:
    """The heat a moment later on a plate whose edges are kept cold."""
    around = tnp.pad(heat, 1)
    flow = around[:-2, 1:-1] + around[2:, 1:-1] + around[1:-1, :-2] + around[1:-1, 2:] - 4 * heat
    return heat + conducts * flow


def film(heat: Any, conducts: Any, moments: int = MOMENTS) -> Any:
    """The heat at each moment, (moments, n, n)."""

    def moment(now: Any, _: None) -> tuple[Any, Any]:
        after = spread(now, conducts)
        return after, after

    return tapegrad.scan(moment, heat, length=moments)[1]


def truth(size: int = SIZE) -> np.ndarray:
    """Two hot discs on a cold plate."""
    down, right = np.mgrid[:size, :size] / size
    disc = lambda y, x, r: ((down - y) ** 2 + (right - x) ** 2 < r**2) * 1.0
    return disc(0.35, 0.3, 0.15) + 0.6 * disc(0.65, 0.7, 0.2)


def seen(size: int = SIZE, moments: int = MOMENTS, seed: int = 0) -> np.ndarray:
    """Two late moments, (2, n, n), with a little noise."""
    late = film(truth(size), CONDUCTS, moments)[np.array([moments // 2, moments - 1])]
    return late.asnumpy() + 1e-3 * np.random.default_rng(seed).standard_normal((2, size, size))


def misfit(guess: dict[str, Any], late: np.ndarray, moments: int = MOMENTS) -> Any:
    """How far the film of a guess is from what was seen, and how rough the guess is."""
    shown = film(guess["heat"], tnp.exp(guess["log_conducts"]), moments)
    apart = tnp.sum((shown[moments // 2] - late[0]) ** 2) + tnp.sum((shown[moments - 1] - late[1]) ** 2)
    edges = tnp.sum(tnp.abs(tnp.diff(guess["heat"], axis=0))) + tnp.sum(tnp.abs(tnp.diff(guess["heat"], axis=1)))
    return 100 * apart + 2e-3 * edges


def find(late: np.ndarray, steps: int, moments: int = MOMENTS) -> tuple[dict[str, Any], list[float]]:
    """The beginning and the conductivity that fit best, and the misfit after each step."""
    falls: list[float] = []
    start = {"heat": late[0], "log_conducts": np.log(0.1)}
    found, _ = optimizers.lbfgs(
        misfit, start, late, moments, steps=steps,
        callback=lambda intermediate_result: falls.append(float(intermediate_result.fun)),
    )  # fmt: skip
    return found, falls


def plot(path: str, heat: np.ndarray, late: np.ndarray) -> None:
    """Draw what was seen, what was found and the truth into a PNG file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 2.8), layout="constrained")
    shown = {"seen at the end": late[1], "found at the beginning": heat, "true at the beginning": truth(len(heat))}
    for axes, (title, picture) in zip(figure.subplots(1, 3), shown.items(), strict=True):
        axes.imshow(picture, cmap="inferno", vmin=0, vmax=1)
        axes.set(title=title, xticks=[], yticks=[])
    figure.savefig(path, format="png", dpi=120)


def main(argv: Sequence[str] | None = None) -> None:
    """Look for the beginning, say how near it is, and draw it if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=positive, default=100, help="that SciPy may take (default 100)")
    parser.add_argument("--plot", metavar="FILE", help="draw the plates into this PNG file")
    chosen = parser.parse_args(argv)
    late = seen()
    found, falls = find(late, chosen.steps)
    print(f"misfit        {falls[0]:.4f} after the first step, {falls[-1]:.4f} after {len(falls)}")
    print(f"conductivity  {np.exp(found['log_conducts']):.4f} (true: {CONDUCTS})")
    error = np.sqrt(np.mean((found["heat"] - truth()) ** 2))
    print(f"error         {error:.3f} on average, of heat up to 1")
    if chosen.plot:
        plot(chosen.plot, found["heat"], late)


if __name__ == "__main__":
    main()
