"""Linear regression from scratch: find the slopes and the intercept behind noisy points.

What is learnt here: the loop that every other example repeats. Parameters announce that they want gradients
(`attach_grad`), the loss is computed while recording, `backward` fills `.grad`, and a step against the gradient is
written into the same parameters. Because the points are made from slopes that we know, we can see that they are found.

    python docs/examples/linear_regression.py --plot loss.png
"""

from collections.abc import Sequence

from tqdm import tqdm
from workbench import minibatches, options, plot_losses

import tapegrad as mx
from tapegrad import autograd, nd

TRUE_SLOPES = (1.5, -2.0, 0.5)
TRUE_INTERCEPT = 3.0
NOISE = 0.3
TRAIN_COUNT, TEST_COUNT, BATCH = 1000, 200, 20


def points() -> tuple[nd.NDArray, nd.NDArray]:
    """Noisy points on a plane: inputs of shape (1200, 3) and targets of shape (1200, 1), always the same."""
    mx.random.seed(2024)
    count = TRAIN_COUNT + TEST_COUNT
    inputs = nd.random_normal(shape=(count, 3))
    noise = NOISE * nd.random_normal(shape=(count, 1))
    slopes = nd.array(TRUE_SLOPES).reshape((3, 1))
    return inputs, nd.dot(inputs, slopes) + TRUE_INTERCEPT + noise


def first_parameters(seed: int) -> list[nd.NDArray]:
    """Slopes (3, 1) and an intercept (1,) to start from, drawn at random."""
    mx.random.seed(seed)
    return [nd.random_normal(shape=(3, 1)), nd.random_normal(shape=(1,))]


def predict(parameters: Sequence[nd.NDArray], inputs: nd.NDArray) -> nd.NDArray:
    """The height of the plane above the inputs: (n, 3) to (n, 1)."""
    slopes, intercept = parameters
    return nd.dot(inputs, slopes) + intercept


def squared_loss(predicted: nd.NDArray, targets: nd.NDArray) -> nd.NDArray:
    """Half the mean squared distance between prediction and target."""
    return nd.mean((predicted - targets) ** 2) / 2


def descend(parameters: Sequence[nd.NDArray], learning_rate: float) -> None:
    """One step of gradient descent, written into the parameters themselves."""
    for parameter in parameters:
        parameter[:] = parameter - learning_rate * parameter.grad


def train(
    steps: int, seed: int, parameters: Sequence[nd.NDArray] | None = None, learning_rate: float = 0.03
) -> list[float]:
    """Learn for some steps and return the loss of each; the parameters, if given, are changed in place."""
    parameters = first_parameters(seed) if parameters is None else parameters
    for parameter in parameters:
        parameter.attach_grad()
    inputs, targets = points()
    order = minibatches(TRAIN_COUNT, BATCH, seed)
    losses = []
    for _ in tqdm(range(steps), desc="linear regression", disable=None):
        rows = nd.array(next(order))
        batch, wanted = inputs.take(rows), targets.take(rows)
        with autograd.record():
            loss = squared_loss(predict(parameters, batch), wanted)
        loss.backward()
        descend(parameters, learning_rate)
        losses.append(loss.asscalar())
    return losses


def determination(parameters: Sequence[nd.NDArray]) -> float:
    """R squared on the points held back: the share of their variance that the plane explains, at most 1."""
    inputs, targets = points()
    inputs, targets = inputs[TRAIN_COUNT:], targets[TRAIN_COUNT:]
    unexplained = nd.sum((targets - predict(parameters, inputs)) ** 2)
    return 1 - (unexplained / nd.sum((targets - nd.mean(targets)) ** 2)).asscalar()


def main(argv: Sequence[str] | None = None) -> None:
    """Train, say what was found, and draw the loss if asked."""
    chosen = options(argv, __doc__, steps=1000, learning_rate=0.03)
    parameters = first_parameters(chosen.seed)
    losses = train(chosen.steps, chosen.seed, parameters, chosen.learning_rate)
    slopes, intercept = (parameter.asnumpy().ravel() for parameter in parameters)
    print(f"final loss     {losses[-1]:.4f} (the noise alone costs {NOISE**2 / 2:.4f})")
    print(f"slopes found   {', '.join(f'{slope:.3f}' for slope in slopes)} (true: {TRUE_SLOPES})")
    print(f"intercept      {intercept[0]:.3f} (true: {TRUE_INTERCEPT})")
    print(f"test accuracy  R squared {determination(parameters):.4f}")
    if chosen.plot:
        plot_losses(chosen.plot, losses, "Linear regression", "half mean squared error")


if __name__ == "__main__":
    main()
