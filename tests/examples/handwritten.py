"""The five example programs again, in plain NumPy, with every gradient derived and written by hand.

Each model is a function of its parameters and one minibatch that returns the loss and the gradients, in the dtype that
it is given: in float64 they are checked against difference quotients, in float32 they train beside the examples.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.floating]
Gradients = list[Array]


def linear_regression(parameters: Sequence[Array], inputs: Array, targets: Array) -> tuple[float, Gradients]:
    """Half the mean squared error of a plane."""
    slopes, intercept = parameters
    error = inputs @ slopes + intercept - targets
    d_error = error / error.size
    return (error * error).mean() / 2, [inputs.T @ d_error, d_error.sum(axis=0)]


def softmax_regression(parameters: Sequence[Array], images: Array, labels: Array) -> tuple[float, Gradients]:
    """Mean cross entropy of one matrix and its biases."""
    weights, biases = parameters
    pixels = images.reshape(len(images), -1)
    loss, d_scores = cross_entropy(pixels @ weights + biases, labels)
    return loss, [pixels.T @ d_scores, d_scores.sum(axis=0)]


def mlp(parameters: Sequence[Array], images: Array, labels: Array) -> tuple[float, Gradients]:
    """Mean cross entropy of layers with relu between them."""
    weights, biases = parameters[::2], parameters[1::2]
    entering = [images.reshape(len(images), -1)]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        entering.append(np.maximum(entering[-1] @ weight + bias, 0))
    loss, d_values = cross_entropy(entering[-1] @ weights[-1] + biases[-1], labels)
    gradients: Gradients = []
    for weight, values in zip(reversed(weights), reversed(entering), strict=True):
        gradients[:0] = [values.T @ d_values, d_values.sum(axis=0)]
        # For the pixels this is computed in vain; for a hidden layer, zero is where relu stopped the value.
        d_values = (d_values @ weight.T) * (values > 0)
    return loss, gradients


def nearest_to_bend(parameters: Sequence[Array], images: Array) -> float:
    """The smallest size, over all hidden units and images of an `mlp`, of what enters relu."""
    values, nearest = images.reshape(len(images), -1), np.inf
    for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        entering = values @ weight + bias
        nearest = min(nearest, float(abs(entering).min()))
        values = np.maximum(entering, 0)
    return nearest


def lenet(parameters: Sequence[Array], images: Array, labels: Array) -> tuple[float, Gradients]:
    """Mean cross entropy of two convolutions, each with tanh and pooling, and two plain layers."""
    filters1, biases1, filters2, biases2, weights3, biases3, weights4, biases4 = parameters
    matched1, patches1 = convolve(images[:, None], filters1, biases1)
    bent1 = np.tanh(matched1)
    matched2, patches2 = convolve(pool(bent1), filters2, biases2)
    bent2 = np.tanh(matched2)
    pooled2 = pool(bent2)
    features = pooled2.reshape(len(images), -1)
    hidden = np.tanh(features @ weights3 + biases3)
    loss, d_scores = cross_entropy(hidden @ weights4 + biases4, labels)

    d_hidden = (d_scores @ weights4.T) * (1 - hidden**2)
    d_features = d_hidden @ weights3.T
    d_matched2 = unpool(d_features.reshape(pooled2.shape)) * (1 - bent2**2)
    d_filters2, d_biases2 = convolution_gradients(d_matched2, patches2)
    d_matched1 = unpool(convolve_back(d_matched2, filters2)) * (1 - bent1**2)
    d_filters1, d_biases1 = convolution_gradients(d_matched1, patches1)
    plain = [features.T @ d_hidden, d_hidden.sum(axis=0), hidden.T @ d_scores, d_scores.sum(axis=0)]
    return loss, [d_filters1, d_biases1, d_filters2, d_biases2, *plain]


def char_rnn(parameters: Sequence[Array], here: Array, after: Array, state: Array) -> tuple[float, Gradients, Array]:
    """Mean cross entropy of the letters `after` the letters `here`, both (time, rows); the last state as well."""
    to_state, onwards, state_bias, to_letter, letter_bias = parameters
    alphabet = np.eye(len(to_state), dtype=to_state.dtype)
    letters = alphabet[here.astype(int)]
    states = [state]
    for letter in letters:
        states.append(np.tanh(letter @ to_state + states[-1] @ onwards + state_bias))
    scores = np.concatenate([state @ to_letter + letter_bias for state in states[1:]])
    loss, d_scores = cross_entropy(scores, after.reshape(-1))

    gradients = [np.zeros_like(parameter) for parameter in parameters]
    d_to_state, d_onwards, d_state_bias, d_to_letter, d_letter_bias = gradients
    d_state = np.zeros_like(state)
    for time in reversed(range(len(letters))):
        d_score = d_scores[time * len(state) : (time + 1) * len(state)]
        d_to_letter += states[time + 1].T @ d_score
        d_letter_bias += d_score.sum(axis=0)
        d_sum = (d_state + d_score @ to_letter.T) * (1 - states[time + 1] ** 2)
        d_to_state += letters[time].T @ d_sum
        d_onwards += states[time].T @ d_sum
        d_state_bias += d_sum.sum(axis=0)
        d_state = d_sum @ onwards.T
    return loss, gradients, states[-1]


def cross_entropy(scores: Array, labels: Array) -> tuple[float, Array]:
    """Mean cross entropy of scores (n, classes), and its gradient: probabilities less the right answer, over n."""
    rows, columns = np.arange(len(labels)), labels.astype(int)
    shifted = scores - scores.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    totals = powers.sum(axis=1, keepdims=True)
    loss = (np.log(totals[:, 0]) - shifted[rows, columns]).mean()
    d_scores = powers / totals
    d_scores[rows, columns] -= 1
    return loss, d_scores / len(labels)


def convolve(images: Array, filters: Array, biases: Array) -> tuple[Array, Array]:
    """A 3 by 3 convolution that keeps the size, and the patches (n, in, h, w, 3, 3) that the filters met."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    patches = sliding_window_view(padded, (3, 3), axis=(2, 3))
    matched = np.tensordot(patches, filters, axes=([1, 4, 5], [1, 2, 3]))
    return np.moveaxis(matched, 3, 1) + biases[:, None, None], patches


def convolution_gradients(d_matched: Array, patches: Array) -> tuple[Array, Array]:
    """Gradients of filters and biases: every place of every image met the same ones."""
    return np.tensordot(d_matched, patches, axes=([0, 2, 3], [0, 2, 3])), d_matched.sum(axis=(0, 2, 3))


def convolve_back(d_matched: Array, filters: Array) -> Array:
    """The gradient of the images: a convolution with the filters turned by half a turn, in and out exchanged."""
    turned = filters[:, :, ::-1, ::-1].swapaxes(0, 1)
    return convolve(d_matched, turned, np.zeros(len(turned), dtype=filters.dtype))[0]


def pool(values: Array) -> Array:
    """The mean of every 2 by 2."""
    count, channels, height, width = values.shape
    return values.reshape(count, channels, height // 2, 2, width // 2, 2).mean(axis=(3, 5))


def unpool(d_pooled: Array) -> Array:
    """The gradient of what was pooled: a quarter to each of the four."""
    return (d_pooled / 4).repeat(2, axis=2).repeat(2, axis=3)


def descend(parameters: Sequence[Array], gradients: Iterable[Array], learning_rate: float) -> None:
    """One step of gradient descent, in place."""
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter -= learning_rate * gradient


def clip(gradients: Sequence[Array], longest: float) -> None:
    """Shorten all gradients together, if as one vector they are longer than `longest`."""
    length = float(np.sqrt(sum(float((gradient * gradient).sum()) for gradient in gradients)))
    if length > longest:
        for gradient in gradients:
            gradient *= longest / length
