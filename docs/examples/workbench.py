"""What every example needs and none is about: the digits, minibatches, the command line and the loss curve."""

import argparse
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray as HostArray

import tapegrad as mx
from tapegrad.errors import BackendError


class Digits(NamedTuple):
    """Handwritten digits, split into rows to learn from and rows to be examined on."""

    train_images: HostArray[np.float32]
    train_labels: HostArray[np.float32]
    test_images: HostArray[np.float32]
    test_labels: HostArray[np.float32]


def digits(test_count: int = 360) -> Digits:
    """The 1797 digits that ship with scikit-learn: images of shape (n, 8, 8) from 0 to 1, labels of shape (n,)."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = (images.reshape(-1, 8, 8) / 16).astype(np.float32)
    labels = labels.astype(np.float32)
    # The file is sorted by writer: without shuffling, the test would be on other hands than the training.
    order = np.random.default_rng(0).permutation(len(labels))
    test, train = order[:test_count], order[test_count:]
    return Digits(images[train], labels[train], images[test], labels[test])


def minibatches(count: int, size: int, seed: int) -> Iterator[HostArray[np.int64]]:
    """The row numbers of one minibatch after another, without end; each pass over the `count` rows is shuffled anew.

    Rows left over at the end of a pass, too few for a minibatch, are not used in that pass.
    """
    stream = np.random.default_rng(seed)
    while True:
        order = stream.permutation(count)
        for start in range(0, count - size + 1, size):
            yield order[start : start + size]


def options(argv: Sequence[str] | None, doc: str | None, *, steps: int, learning_rate: float) -> argparse.Namespace:
    """Read the command line that all examples share; choose the engine when one is named."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--steps", type=positive, default=steps, help="minibatches to learn from (default %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=learning_rate, help="default %(default)s")
    parser.add_argument("--seed", type=natural, default=0, help="of the first parameters and the order (default 0)")
    parser.add_argument("--backend", help="the array engine: numpy, jax, ... (default: tapegrad's own default)")
    parser.add_argument("--plot", metavar="FILE", help="draw the loss curve into this PNG file")
    chosen = parser.parse_args(argv)
    if chosen.backend is not None:
        try:
            mx.set_backend(chosen.backend)
        except BackendError as error:
            parser.error(str(error))
    return chosen


def positive(text: str) -> int:
    """A whole number of at least 1, or the error that argparse reports."""
    return at_least(1, text)


def natural(text: str) -> int:
    """A whole number of at least 0, or the error that argparse reports."""
    return at_least(0, text)


def at_least(least: int, text: str) -> int:
    """A whole number that is not too small, or the error that argparse reports."""
    number = int(text)
    if number < least:
        raise argparse.ArgumentTypeError(f"{number} is not at least {least}")
    return number


def plot_losses(path: str, losses: Sequence[float], title: str, ylabel: str = "loss") -> None:
    """Draw the loss of every step, and its running mean, into a PNG file."""
    # Not pyplot: it would look for a window system.
    from matplotlib.figure import Figure

    values = np.asarray(losses)
    steps = np.arange(1, len(values) + 1)
    window = max(1, len(values) // 25)
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(steps, values, color="tab:blue", alpha=0.3, linewidth=0.8, label="each minibatch")
    mean = np.convolve(values, np.ones(window) / window, mode="valid")
    axes.plot(steps[window - 1 :], mean, color="tab:blue", linewidth=1.8, label=f"mean of the last {window}")
    axes.set(title=title, xlabel="step", ylabel=ylabel, yscale="log")
    axes.grid(True, which="both", alpha=0.25)
    axes.legend()
    figure.savefig(path, format="png", dpi=120)
