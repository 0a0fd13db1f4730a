"""Softmax regression from scratch: tell handwritten digits apart with one matrix.

What is learnt here: how ten scores become ten probabilities, why the loss is minus the logarithm of the probability
given to the right answer, and how far a model without any hidden layer gets on real images.

    python docs/examples/softmax_regression.py --plot loss.png
"""

from collections.abc import Sequence

from tqdm import tqdm
from workbench import digits, minibatches, options, plot_losses

import tapegrad as mx
from tapegrad import autograd, nd

PIXELS, CLASSES, BATCH = 64, 10, 64


def first_parameters(seed: int) -> list[nd.NDArray]:
    """A small random matrix (64, 10) of weights, one column a digit, and ten biases of zero."""
    mx.random.seed(seed)
    return [nd.random_normal(scale=0.01, shape=(PIXELS, CLASSES)), nd.zeros(CLASSES)]


def softmax(scores: nd.NDArray) -> nd.NDArray:
    """Probabilities from scores: each row positive, with sum 1.

    The largest score of each row is taken away first: this changes nothing in the result, and no exponential overflows.
    """
    powers = nd.exp(scores - nd.max(scores, axis=1, keepdims=True))
    return powers / nd.sum(powers, axis=1, keepdims=True)


def probabilities(parameters: Sequence[nd.NDArray], images: nd.NDArray) -> nd.NDArray:
    """For images of shape (n, 8, 8), the probability of each digit: (n, 10)."""
    weights, biases = parameters
    return softmax(nd.dot(images.reshape((-1, PIXELS)), weights) + biases)


def cross_entropy(guess: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
    """The mean of minus the logarithm of the probability that was given to the right digit."""
    return -nd.mean(nd.log(nd.pick(guess, labels)))


def train(
    steps: int, seed: int, parameters: Sequence[nd.NDArray] | None = None, learning_rate: float = 0.5
) -> list[float]:
    """Learn for some steps and return the loss of each; the parameters, if given, are changed in place."""
    parameters = first_parameters(seed) if parameters is None else parameters
    for parameter in parameters:
        parameter.attach_grad()
    data = digits()
    order = minibatches(len(data.train_labels), BATCH, seed)
    losses = []
    for _ in tqdm(range(steps), desc="softmax regression", disable=None):
        rows = next(order)
        images, labels = nd.array(data.train_images[rows]), nd.array(data.train_labels[rows])
        with autograd.record():
            loss = cross_entropy(probabilities(parameters, images), labels)
        loss.backward()
        for parameter in parameters:
            parameter[:] = parameter - learning_rate * parameter.grad
        losses.append(loss.asscalar())
    return losses


def accuracy(parameters: Sequence[nd.NDArray]) -> float:
    """The share of the test images whose most probable digit is the right one."""
    data = digits()
    guess = nd.argmax(probabilities(parameters, nd.array(data.test_images)), axis=1)
    return nd.mean(guess == nd.array(data.test_labels)).asscalar()


def main(argv: Sequence[str] | None = None) -> None:
    """Train, examine on the test images, and draw the loss if asked."""
    chosen = options(argv, __doc__, steps=1000, learning_rate=0.5)
    parameters = first_parameters(chosen.seed)
    losses = train(chosen.steps, chosen.seed, parameters, chosen.learning_rate)
    print(f"final loss     {losses[-1]:.4f} (guessing costs 2.3026)")
    print(f"test accuracy  {accuracy(parameters):.1%}")
    if chosen.plot:
        plot_losses(chosen.plot, losses, "Softmax regression on digits", "cross entropy")


if __name__ == "__main__":
    main()
