"""Four programs of plain array-API code: the same values and gradients on every engine, and each runs as a program."""

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the Gaussian process is fitted by SciPy: see the extra `examples`")
pytest.importorskip("tqdm", reason="the examples show a progress bar: see the extra `examples`")

import fluid
import gaussian_process
import kalman
import robust_regression

import tapegrad

NORMAL = np.random.default_rng(0).standard_normal
CASES = {
    "gaussian_process": (gaussian_process.log_likelihood, np.array([0.1, -0.2, -1.0]), gaussian_process.data(20)),
    "kalman": (kalman.log_likelihood, np.array([-0.5, 0.2]), kalman.data(20)[1:]),
    "fluid": (fluid.distance, 0.3 * NORMAL((2, 12, 12)), fluid.data(12)),
    "robust_regression": (robust_regression.huber_loss, np.array([0.4, -0.8, 0.1, 0.6]), robust_regression.data()),
    "squares": (robust_regression.square_loss, np.array([0.4, -0.8, 0.1, 0.6]), robust_regression.data()),
}
CASE = pytest.mark.parametrize("case", CASES)


@contextlib.contextmanager
def engine(name: str) -> Iterator[tapegrad.Backend]:
    """An engine, with float64 allowed; skipped, with its own reason, where it cannot be used."""
    infos = {info.name: info for info in tapegrad.list_backends()}
    if name not in infos:
        pytest.skip(f"no plug-in for {name} is installed (that for strict: pip install ./tests/plugin/strict)")
    if not infos[name].usable:
        pytest.skip(str(infos[name].reason))
    with contextlib.ExitStack() as stack:
        if name == "jax":
            stack.enter_context(pytest.importorskip("jax").enable_x64(True))
        yield tapegrad.get_backend(name)


def value_and_gradient(name: str, case: str) -> tuple[float, np.ndarray]:
    """What the case comes to on an engine, raw arrays of that engine in and out."""
    function, start, data = CASES[case]
    with engine(name) as backend:
        raw = backend.from_numpy(start)
        value, gradient = tapegrad.value_and_grad(function)(raw, *map(backend.from_numpy, data))
        assert type(gradient) is type(raw)
        return float(value), backend.to_numpy(gradient)


@CASE
def test_the_gradient_is_that_of_the_values(case):
    """On NumPy, in float64: against central difference quotients of the bare function, along random directions."""
    function, start, data = CASES[case]
    value, gradient = value_and_gradient("numpy", case)
    assert value == pytest.approx(function(start, *data), rel=1e-14)
    assert gradient.shape == start.shape
    step = 1e-6
    for direction in np.random.default_rng(1).standard_normal((5, *start.shape)):
        quotient = (function(start + step * direction, *data) - function(start - step * direction, *data)) / (2 * step)
        assert np.vdot(gradient, direction) == pytest.approx(quotient, rel=1e-6)


@CASE
@pytest.mark.parametrize("name", [pytest.param("jax", marks=pytest.mark.slow), "strict", "cupy"])
def test_every_engine_gives_the_same(name, case):
    value, gradient = value_and_gradient(name, case)
    expected_value, expected_gradient = value_and_gradient("numpy", case)
    assert value == pytest.approx(expected_value, rel=1e-12)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-9, atol=1e-12 * abs(expected_gradient).max())


@pytest.mark.parametrize(
    ("example", "option"), [(gaussian_process, "--count=10"), (kalman, "--steps=2"), (fluid, "--steps=2")]
)
def test_runs_as_a_program(example, option, tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="the pictures are drawn with matplotlib: see the extra `examples`")
    picture = tmp_path / "picture.png"
    example.main([option, "--plot", str(picture)])
    assert "at the start" in capsys.readouterr().out or example is gaussian_process
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")


def test_the_likeliest_settings_are_near_the_true_ones():
    log_settings, falls = gaussian_process.fit(*gaussian_process.data())
    assert falls[-1] == min(falls)
    np.testing.assert_allclose(np.exp(log_settings), list(gaussian_process.TRUE_SETTINGS.values()), rtol=0.5)


def test_the_filter_is_nearer_to_the_truth_than_what_was_seen():
    positions, seen = kalman.data()
    log_settings, heights = kalman.fit(seen, steps=20)
    followed, height = kalman.follow(log_settings, seen)
    assert height > heights[0]
    assert np.mean((followed - positions) ** 2) < 0.5 * np.mean((seen - positions) ** 2)


def test_the_stir_brings_the_ink_nearer_to_the_ring():
    _, distances = fluid.fit(steps=8, seed=0)
    assert distances[-1] < 0.7 * distances[0]


def test_a_fluid_at_rest_keeps_its_ink_where_it_is():
    ink, _ = fluid.data()
    np.testing.assert_array_equal(fluid.flow(np.zeros((2, *ink.shape)), ink), ink)


def test_relaxing_the_pressure_leaves_less_that_flows_together():
    def gathering(down: np.ndarray, right: np.ndarray) -> float:
        together = np.roll(down, -1, 0) - np.roll(down, 1, 0) + np.roll(right, -1, 1) - np.roll(right, 1, 1)
        return float(np.sum(together**2))

    wave = np.sin(2 * np.pi * np.arange(12) / 12)
    down, right = wave[:, None] * np.ones(12), wave[None, :] * np.ones((12, 1))
    assert gathering(*fluid.conserve(down, right)) < 0.9 * gathering(down, right)


def test_lies_lead_squares_astray_but_not_hubers_loss():
    places, values = robust_regression.data()
    truth = np.array(robust_regression.TRUE_COEFFICIENTS)
    robust, losses = robust_regression.newton(robust_regression.huber_loss, places, values, steps=12)
    squares, _ = robust_regression.newton(robust_regression.square_loss, places, values, steps=12)
    assert losses == sorted(losses, reverse=True)
    assert np.linalg.norm(robust - truth) < 0.3 * np.linalg.norm(squares - truth)


def test_robust_regression_runs_as_a_program(tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="the picture is drawn with matplotlib: see the extra `examples`")
    picture = tmp_path / "picture.png"
    robust_regression.main(["--steps", "3", "--plot", str(picture)])
    assert capsys.readouterr().out.count("final loss") == 2
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")
