"""A multilayer perceptron from scratch: two hidden layers between the pixels and the digit.

What is learnt here: why layers need a bend between them (without `relu`, three matrices are no more than one), how
large the first random weights should be, why softmax and logarithm belong together, and what momentum does: steps
follow a running mean of the gradients instead of the last one.

    python docs/examples/mlp.py --plot loss.png
"""

from collections.abc import Sequence
from itertools import pairwise

from tqdm import tqdm
from workbench import digits, minibatches, options, plot_losses

import tapegrad as mx
from tapegrad import autograd, nd

SIZES = (64, 64, 32, 10)
BATCH = 64
MOMENTUM = 0.9


def first_parameters(seed: int) -> list[nd.NDArray]:
    """Weights and biases of each layer in turn; the weights' spread keeps the signal's size from layer to layer."""
    mx.random.seed(seed)
    parameters = []
    for inputs, outputs in pairwise(SIZES):
        parameters += [nd.random_normal(scale=(2 / inputs) ** 0.5, shape=(inputs, outputs)), nd.zeros(outputs)]
    return parameters


def relu(values: nd.NDArray) -> nd.NDArray:
    """What is positive stays, the rest becomes zero."""
    return nd.maximum(values, 0)


def scores(parameters: Sequence[nd.NDArray], images: nd.NDArray) -> nd.NDArray:
    """For images of shape (n, 8, 8), ten scores each: (n, 10)."""
    values = images.reshape((-1, SIZES[0]))
    last = len(parameters) - 2
    for layer in range(0, len(parameters), 2):
        values = nd.dot(values, parameters[layer]) + parameters[layer + 1]
        if layer < last:
            values = relu(values)
    return values


def cross_entropy(guess: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
    """Mean cross entropy of scores (n, 10) against labels (n,), by way of logarithms that cannot be minus infinity."""
    return -nd.mean(nd.sum(nd.one_hot(labels, 10) * nd.log_softmax(guess), axis=1))


def train(
    steps: int, seed: int, parameters: Sequence[nd.NDArray] | None = None, learning_rate: float = 0.02
) -> list[float]:
    """Learn for some steps and return the loss of each; the parameters, if given, are changed in place."""
    parameters = first_parameters(seed) if parameters is None else parameters
    for parameter in parameters:
        parameter.attach_grad()
    velocities = [nd.zeros_like(parameter) for parameter in parameters]
    data = digits()
    order = minibatches(len(data.train_labels), BATCH, seed)
    losses = []
    for _ in tqdm(range(steps), desc="perceptron", disable=None):
        rows = next(order)
        images, labels = nd.array(data.train_images[rows]), nd.array(data.train_labels[rows])
        with autograd.record():
            loss = cross_entropy(scores(parameters, images), labels)
        loss.backward()
        for parameter, velocity in zip(parameters, velocities, strict=True):
            velocity[:] = MOMENTUM * velocity + parameter.grad
            parameter[:] = parameter - learning_rate * velocity
        losses.append(loss.asscalar())
    return losses


def accuracy(parameters: Sequence[nd.NDArray]) -> float:
    """The share of the test images whose highest score is that of the right digit."""
    data = digits()
    guess = scores(parameters, nd.array(data.test_images)).argmax(axis=1)
    return nd.mean(guess == nd.array(data.test_labels)).asscalar()


def main(argv: Sequence[str] | None = None) -> None:
    """Train, examine on the test images, and draw the loss if asked."""
    chosen = options(argv, __doc__, steps=1000, learning_rate=0.02)
    parameters = first_parameters(chosen.seed)
    losses = train(chosen.steps, chosen.seed, parameters, chosen.learning_rate)
    print(f"final loss     {losses[-1]:.4f} (guessing costs 2.3026)")
    print(f"test accuracy  {accuracy(parameters):.1%}")
    if chosen.plot:
        plot_losses(chosen.plot, losses, "Multilayer perceptron on digits", "cross entropy")


if __name__ == "__main__":
    main()
