"""A small LeNet from scratch: learned filters slide over the digit, and pooling forgets where exactly they matched.

What is learnt here: a convolution is the same small set of weights used at every place, pooling keeps the mean of each
neighbourhood, and two rounds of both turn an 8 by 8 image into features that one plain layer can read. As in the LeNet
of 1998, the bend is `tanh` and the pooling an average. Weight decay is here too, as a term of the update: it pulls the
weights gently towards zero.

    python docs/examples/lenet.py --plot loss.png
"""

from collections.abc import Sequence

from tqdm import tqdm
from workbench import digits, minibatches, options, plot_losses

import tapegrad as mx
from tapegrad import autograd, nd

FILTERS = (12, 32)
HIDDEN, CLASSES, BATCH = 64, 10, 64
MOMENTUM, WEIGHT_DECAY = 0.9, 1e-4


def first_parameters(seed: int) -> list[nd.NDArray]:
    """Filters (out, in, 3, 3) and biases of two convolutions, then weights and biases of two plain layers."""
    mx.random.seed(seed)
    one, two = FILTERS
    parameters = []
    for shape in ((one, 1, 3, 3), (two, one, 3, 3), (two * 2 * 2, HIDDEN), (HIDDEN, CLASSES)):
        convolution = len(shape) == 4
        inputs = shape[1] * 9 if convolution else shape[0]
        outputs = shape[0] if convolution else shape[1]
        parameters += [nd.random_normal(scale=inputs**-0.5, shape=shape), nd.zeros(outputs)]
    return parameters


def convolve_and_pool(images: nd.NDArray, filters: nd.NDArray, biases: nd.NDArray) -> nd.NDArray:
    """Filters at every place, tanh, then the mean of every 2 by 2: (n, in, h, w) to (n, out, h/2, w/2)."""
    matched = nd.Convolution(
        data=images, weight=filters, bias=biases, kernel=(3, 3), pad=(1, 1), num_filter=filters.shape[0]
    )
    return nd.Pooling(data=nd.tanh(matched), pool_type="avg", kernel=(2, 2), stride=(2, 2))


def scores(parameters: Sequence[nd.NDArray], images: nd.NDArray) -> nd.NDArray:
    """For images of shape (n, 8, 8), ten scores each: (n, 10)."""
    filters1, biases1, filters2, biases2, weights3, biases3, weights4, biases4 = parameters
    features = images.expand_dims(axis=1)
    features = convolve_and_pool(features, filters1, biases1)
    features = convolve_and_pool(features, filters2, biases2)
    hidden = nd.tanh(nd.dot(nd.flatten(features), weights3) + biases3)
    return nd.dot(hidden, weights4) + biases4


def cross_entropy(guess: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
    """Mean cross entropy of scores (n, 10) against labels (n,)."""
    return -nd.mean(nd.pick(nd.log_softmax(guess), labels))


def train(
    steps: int, seed: int, parameters: Sequence[nd.NDArray] | None = None, learning_rate: float = 0.1
) -> list[float]:
    """Learn for some steps and return the loss of each; the parameters, if given, are changed in place."""
    parameters = first_parameters(seed) if parameters is None else parameters
    for parameter in parameters:
        parameter.attach_grad()
    velocities = [nd.zeros_like(parameter) for parameter in parameters]
    data = digits()
    order = minibatches(len(data.train_labels), BATCH, seed)
    losses = []
    for _ in tqdm(range(steps), desc="lenet", disable=None):
        rows = next(order)
        images, labels = nd.array(data.train_images[rows]), nd.array(data.train_labels[rows])
        with autograd.record():
            loss = cross_entropy(scores(parameters, images), labels)
        loss.backward()
        for parameter, velocity in zip(parameters, velocities, strict=True):
            velocity[:] = MOMENTUM * velocity + parameter.grad + WEIGHT_DECAY * parameter
            parameter[:] = parameter - learning_rate * velocity
        losses.append(loss.asscalar())
    return losses


def accuracy(parameters: Sequence[nd.NDArray]) -> float:
    """The share of the test images whose highest score is that of the right digit."""
    data = digits()
    guess = nd.argmax(scores(parameters, nd.array(data.test_images)), axis=1)
    return nd.mean(guess == nd.array(data.test_labels)).asscalar()


def main(argv: Sequence[str] | None = None) -> None:
    """Train, examine on the test images, and draw the loss if asked."""
    chosen = options(argv, __doc__, steps=600, learning_rate=0.1)
    parameters = first_parameters(chosen.seed)
    losses = train(chosen.steps, chosen.seed, parameters, chosen.learning_rate)
    print(f"final loss     {losses[-1]:.4f} (guessing costs 2.3026)")
    print(f"test accuracy  {accuracy(parameters):.1%}")
    if chosen.plot:
        plot_losses(chosen.plot, losses, "LeNet on digits", "cross entropy")


if __name__ == "__main__":
    main()
