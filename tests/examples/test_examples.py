"""The five example programs: each learns exactly as its hand-written twin does, and each runs as a program.

They run on the engine that TAPEGRAD_TEST_BACKEND names, else on NumPy; the twins always in plain NumPy.
"""

import math
import os
import sys

import handwritten
import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the digits ship with scikit-learn: see the extra `examples`")
pytest.importorskip("tqdm", reason="the examples show a progress bar: see the extra `examples`")

import char_rnn
import lenet
import linear_regression
import mlp
import softmax_regression
from workbench import digits, minibatches

import tapegrad

ENGINE = os.environ.get("TAPEGRAD_TEST_BACKEND", "numpy")
STEPS = 250
# With this seed nothing that enters a relu of the perceptron is within 1e-6 of zero, so that rounding, which differs
# from engine to engine and from machine to machine, never decides on which side of the bend a value falls.
SEED = 9


@pytest.fixture(autouse=True)
def engine():
    with tapegrad.use_backend(ENGINE):
        yield


def slow_elsewhere(test):
    """Mark a test as slow on engines other than NumPy, whose eager ops take many times longer."""
    return test if ENGINE == "numpy" else pytest.mark.slow(test)


def drawn(example) -> list[np.ndarray]:
    """The numbers that the example starts from, as NumPy arrays of our own."""
    return [np.array(parameter.asnumpy()) for parameter in example.first_parameters(SEED)]


def digit_batches(example):
    """The minibatches of images and labels that the example sees, in its order."""
    data = digits()
    order = minibatches(len(data.train_labels), example.BATCH, SEED)
    for _ in range(STEPS):
        rows = next(order)
        yield data.train_images[rows], data.train_labels[rows]


def twin_of_linear_regression() -> list[float]:
    parameters = drawn(linear_regression)
    inputs, targets = (points.asnumpy() for points in linear_regression.points())
    order = minibatches(linear_regression.TRAIN_COUNT, linear_regression.BATCH, SEED)
    losses = []
    for _ in range(STEPS):
        rows = next(order)
        loss, gradients = handwritten.linear_regression(parameters, inputs[rows], targets[rows])
        handwritten.descend(parameters, gradients, 0.03)
        losses.append(loss)
    return losses


def twin_of_softmax_regression() -> list[float]:
    parameters = drawn(softmax_regression)
    losses = []
    for images, labels in digit_batches(softmax_regression):
        loss, gradients = handwritten.softmax_regression(parameters, images, labels)
        handwritten.descend(parameters, gradients, 0.5)
        losses.append(loss)
    return losses


def twin_of_mlp() -> list[float]:
    def loss_and_gradients(parameters, images, labels):
        assert handwritten.nearest_to_bend(parameters, images) > 1e-6
        return handwritten.mlp(parameters, images, labels)

    return train_with_momentum(mlp, loss_and_gradients, learning_rate=0.02)


def twin_of_lenet() -> list[float]:
    return train_with_momentum(lenet, handwritten.lenet, learning_rate=0.1, weight_decay=1e-4)


def train_with_momentum(example, loss_and_gradients, learning_rate: float, weight_decay: float = 0.0) -> list[float]:
    """Each velocity is nine tenths of the last one, and the gradient; what decays is a part of the gradient."""
    parameters = drawn(example)
    velocities = [np.zeros_like(parameter) for parameter in parameters]
    losses = []
    for images, labels in digit_batches(example):
        loss, gradients = loss_and_gradients(parameters, images, labels)
        for parameter, velocity, gradient in zip(parameters, velocities, gradients, strict=True):
            velocity *= 0.9
            velocity += gradient + weight_decay * parameter
        handwritten.descend(parameters, velocities, learning_rate)
        losses.append(loss)
    return losses


def twin_of_char_rnn() -> list[float]:
    parameters = drawn(char_rnn)
    losses = []
    passages = char_rnn.passages(SEED)
    state = None
    for _ in range(STEPS):
        here, after, restarts = next(passages)
        if restarts:
            state = np.zeros((char_rnn.ROWS, char_rnn.HIDDEN), dtype=np.float32)
        loss, gradients, state = handwritten.char_rnn(parameters, here, after, state)
        handwritten.clip(gradients, 0.5)
        handwritten.descend(parameters, gradients, 0.5)
        losses.append(loss)
    return losses


TWINS = {
    linear_regression: twin_of_linear_regression,
    softmax_regression: twin_of_softmax_regression,
    mlp: twin_of_mlp,
    lenet: twin_of_lenet,
    char_rnn: twin_of_char_rnn,
}
EXAMPLES = pytest.mark.parametrize("example", TWINS, ids=lambda example: example.__name__)


@slow_elsewhere
@EXAMPLES
def test_learns_as_its_handwritten_twin(example):
    """Every loss of 250 float32 steps within 1e-4 relative of the twin's, and learning has taken place."""
    losses = example.train(STEPS, SEED)
    twin = TWINS[example]()
    assert len(losses) == STEPS
    assert all(loss.dtype == np.float32 for loss in twin)
    np.testing.assert_allclose(losses, twin, rtol=1e-4)
    assert np.mean(losses[-20:]) < 0.5 * np.mean(losses[:20])


@EXAMPLES
def test_runs_as_a_program(example, tmp_path, capsys):
    """It prints the loss and what the model is worth, and draws the curve where it was asked to."""
    pytest.importorskip("matplotlib", reason="the loss curve is drawn with matplotlib: see the extra `examples`")
    picture = tmp_path / "loss.png"
    example.main(["--steps", "5", "--seed", "1", "--plot", str(picture)])
    printed = capsys.readouterr().out
    assert "final loss" in printed
    assert ("sampled text" if example is char_rnn else "test accuracy") in printed
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")


def test_draws_nothing_unless_asked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    linear_regression.main(["--steps", "2"])
    assert "final loss" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("steps", ["0", "-3", "many"])
def test_a_wrong_number_of_steps_is_refused_in_words(steps, capsys):
    with pytest.raises(SystemExit):
        linear_regression.main([f"--steps={steps}"])
    assert "--steps" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--seed=-1", "--backend=abacus", "--learning-rate=fast", "--plot"])
def test_any_other_wrong_option_is_named(option, capsys):
    with pytest.raises(SystemExit):
        linear_regression.main([option])
    printed = capsys.readouterr().err
    assert option.partition("=")[0].strip("-") in printed
    assert "Traceback" not in printed


def test_the_same_seed_gives_the_same_losses_and_another_seed_others():
    assert softmax_regression.train(5, 1) == softmax_regression.train(5, 1)
    assert softmax_regression.train(5, 1) != softmax_regression.train(5, 2)


def test_linear_regression_finds_the_plane():
    parameters = linear_regression.first_parameters(SEED)
    linear_regression.train(STEPS, SEED, parameters)
    slopes, intercept = (parameter.asnumpy().ravel() for parameter in parameters)
    np.testing.assert_allclose(slopes, linear_regression.TRUE_SLOPES, atol=0.05)
    np.testing.assert_allclose(intercept, linear_regression.TRUE_INTERCEPT, atol=0.05)
    assert linear_regression.determination(parameters) > 0.95


@slow_elsewhere
@pytest.mark.parametrize(
    ("example", "least"),
    [(softmax_regression, 0.93), (mlp, 0.94), (lenet, 0.94)],
    ids=["softmax_regression", "mlp", "lenet"],
)
def test_most_test_digits_are_recognised(example, least):
    parameters = example.first_parameters(SEED)
    assert example.accuracy(parameters) < 0.4
    example.train(STEPS, SEED, parameters)
    assert example.accuracy(parameters) > least


def test_the_character_rnn_writes_letters_of_its_alphabet_and_repeats_itself_for_the_same_seed():
    parameters = char_rnn.first_parameters(SEED)
    char_rnn.train(20, SEED, parameters)
    text = char_rnn.write(parameters, "the ", 30, seed=5)
    assert text.startswith("the ")
    assert len(text) == 34
    assert set(text) <= set(char_rnn.ALPHABET)
    assert text == char_rnn.write(parameters, "the ", 30, seed=5)


def test_passages_go_on_where_the_last_one_stopped():
    passages = char_rnn.passages(SEED)
    here, after, restarts = next(passages)
    following, _, restarts_again = next(passages)
    assert (restarts, restarts_again) == (True, False)
    np.testing.assert_array_equal(here[1:], after[:-1])
    np.testing.assert_array_equal(after[-1], following[0])


def test_minibatches_use_every_row_once_a_pass():
    order = minibatches(count=10, size=3, seed=0)
    first_pass = np.concatenate([next(order) for _ in range(3)])
    second_pass = np.concatenate([next(order) for _ in range(3)])
    for rows in (first_pass, second_pass):
        assert len(set(rows.tolist())) == 9
    assert first_pass.tolist() != second_pass.tolist()


def test_the_digits_are_split_without_overlap():
    data = digits()
    assert data.train_images.shape == (1437, 8, 8)
    assert data.test_images.shape == (360, 8, 8)
    assert data.train_images.dtype == np.float32
    assert math.isclose(data.train_images.max(), 1.0)
    assert set(data.test_labels.tolist()) == set(range(10))
