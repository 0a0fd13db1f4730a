"""An ordinary differential equation: how fast must a moon fly to be where it was seen?

What is learnt here: the solver is SciPy's, which knows nothing of gradients. Those follow from the equation itself: the
sensitivity of the path to its start obeys a linear equation along it, with the Jacobian that `tapegrad.jacobian` gives,
and is solved beside it. (With JAX arrays diffrax differentiates through a solver inside of JAX.)

    python docs/examples/orbit.py --plot orbit.png
"""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import integrate, optimize
from workbench import positive

import tapegrad
import tapegrad.numpy as tnp

TRUE_START = np.array([1.0, 0.0, 0.1, 0.9])
TIMES = np.linspace(0, 4, 9)


def pull(state: Any) -> Any:
    """The rate of change of (x, y, vx, vy), of shape (4,), near a planet of mass 1."""
    x, y, vx, vy = state
    cubed = (x * x + y * y) ** 1.5
    return tnp.stack([vx, vy, -x / cubed, -y / cubed])


# The solver asks for it some hundred times; compiled, each costs little more than its arithmetic.
rate_and_jacobian = tapegrad.compile(lambda state: (pull(state), tapegrad.jacobian(pull)(state)))


def fly(start: np.ndarray, times: np.ndarray = TIMES) -> tuple[np.ndarray, np.ndarray]:
    """The path (times, 4) from a start (4,), and its derivative (times, 4, 4) in the start."""

    def both(_: float, packed: np.ndarray) -> np.ndarray:
        change, jacobian = (x.asnumpy() for x in rate_and_jacobian(tnp.asarray(packed[:4])))
        return np.concatenate([change, (jacobian @ packed[4:].reshape(4, 4)).ravel()])

    packed = np.concatenate([start, np.eye(4).ravel()])
    path = integrate.solve_ivp(both, times[[0, -1]], packed, t_eval=times, rtol=1e-6, atol=1e-6).y.T
    return path[:, :4], path[:, 4:].reshape(-1, 4, 4)


def seen(seed: int = 0) -> np.ndarray:
    """Where the moon was, (times, 2), a little blurred."""
    path = fly(TRUE_START)[0][:, :2]
    return path + 0.01 * np.random.default_rng(seed).standard_normal(path.shape)


def find(places: np.ndarray, steps: int) -> tuple[np.ndarray, float]:
    """The start that fits best, and the sum of the squares of what is left."""
    found = optimize.least_squares(
        lambda start: (fly(start)[0][:, :2] - places).ravel(),
        np.concatenate([places[0], (places[1] - places[0]) / (TIMES[1] - TIMES[0])]),
        jac=lambda start: fly(start)[1][:, :2].reshape(-1, 4),
        max_nfev=steps,
    )
    return found.x, 2 * float(found.cost)


def plot(path: str, start: np.ndarray, places: np.ndarray) -> None:
    """Draw where it was seen and the orbit found into a PNG file."""
    from matplotlib.figure import Figure

    orbit = fly(start, np.linspace(0, 4, 200))[0]
    figure = Figure(figsize=(4.4, 4.0), layout="constrained")
    axes = figure.add_subplot(aspect="equal", title="An orbit", xlabel="x", ylabel="y")
    axes.plot(orbit[:, 0], orbit[:, 1], label="found")
    axes.plot(places[:, 0], places[:, 1], "k.", label="seen")
    axes.plot(0, 0, "o", color="tab:orange", label="planet")
    axes.legend()
    figure.savefig(path, format="png", dpi=120)


def main(argv: Sequence[str] | None = None) -> None:
    """Look for the start, say what was found, and draw the orbit if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=positive, default=20, help="that SciPy may take (default 20)")
    parser.add_argument("--plot", metavar="FILE", help="draw the orbit into this PNG file")
    chosen = parser.parse_args(argv)
    places = seen()
    start, left = find(places, chosen.steps)
    print(f"misfit  {left:.5f}")
    print(f"start   {np.round(start, 3)} (true: {TRUE_START})")
    if chosen.plot:
        plot(chosen.plot, start, places)


if __name__ == "__main__":
    main()
