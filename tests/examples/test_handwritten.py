"""The hand-written gradients are the gradients: in float64, against difference quotients in random directions."""

from collections.abc import Callable, Sequence

import handwritten
import numpy as np
import pytest

Arrays = list[np.ndarray]


def check(loss_and_gradients: Callable[[Sequence[np.ndarray]], tuple], parameters: Arrays) -> None:
    """Along several random directions, one parameter at a time, the quotient is the gradient to nine digits of it.

    A central quotient of step h errs by h squared times the third derivative, and by rounding over h.
    """
    stream = np.random.default_rng(1)
    step = 1e-6
    gradients = loss_and_gradients(parameters)[1]
    assert [gradient.shape for gradient in gradients] == [parameter.shape for parameter in parameters]
    for place, gradient in enumerate(gradients):
        for _ in range(5):
            direction = stream.standard_normal(gradient.shape)
            direction /= np.linalg.norm(direction)

            def loss(distance: float, place: int = place, direction: np.ndarray = direction) -> float:
                moved = list(parameters)
                moved[place] = moved[place] + distance * direction
                return loss_and_gradients(moved)[0]

            quotient = (loss(step) - loss(-step)) / (2 * step)
            assert quotient == pytest.approx(np.vdot(gradient, direction), rel=1e-6, abs=1e-9)
        assert np.linalg.norm(gradient) > 1e-4  # else the comparison above would say nothing


def normal(*shapes: tuple[int, ...], scale: float = 0.5) -> Arrays:
    stream = np.random.default_rng(0)
    return [scale * stream.standard_normal(shape) for shape in shapes]


LABELS = np.array([3, 0, 9, 3, 5, 1], dtype=float)


def test_linear_regression():
    inputs, targets, *parameters = normal((6, 3), (6, 1), (3, 1), (1,))
    check(lambda p: handwritten.linear_regression(p, inputs, targets), parameters)


def test_softmax_regression():
    images, *parameters = normal((6, 8, 8), (64, 10), (10,))
    check(lambda p: handwritten.softmax_regression(p, images, LABELS), parameters)


def test_mlp():
    images, *parameters = normal((6, 8, 8), (64, 12), (12,), (12, 7), (7,), (7, 10), (10,))
    check(lambda p: handwritten.mlp(p, images, LABELS), parameters)


def test_lenet():
    shapes = ((6, 8, 8), (3, 1, 3, 3), (3,), (5, 3, 3, 3), (5,), (20, 7), (7,), (7, 10), (10,))
    images, *parameters = normal(*shapes)
    check(lambda p: handwritten.lenet(p, images, LABELS), parameters)


def test_char_rnn():
    state, *parameters = normal((3, 6), (5, 6), (6, 6), (6,), (6, 5), (5,))
    here = np.array([[0, 1, 2], [3, 4, 0], [1, 1, 2], [2, 0, 4]])
    after = np.array([[3, 4, 0], [1, 1, 2], [2, 0, 4], [0, 0, 1]])
    check(lambda p: handwritten.char_rnn(p, here, after, state), parameters)


def test_a_clipped_gradient_has_the_length_asked_for_and_keeps_its_direction():
    gradients = normal((4, 3), (5,), scale=3.0)
    before = [gradient.copy() for gradient in gradients]
    handwritten.clip(gradients, 1.0)
    assert np.sqrt(sum((gradient**2).sum() for gradient in gradients)) == pytest.approx(1.0)
    ratios = np.concatenate([(new / old).ravel() for new, old in zip(gradients, before, strict=True)])
    np.testing.assert_allclose(ratios, ratios[0])
