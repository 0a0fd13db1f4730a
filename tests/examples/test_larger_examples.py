"""The larger examples: each runs as a program, and finds what it looks for."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy solves and minimizes: see the extra `examples`")
pytest.importorskip("tqdm", reason="the examples show a progress bar: see the extra `examples`")

import gpt
import graph
import hamiltonian
import heat
import orbit

import tapegrad
from tapegrad import tree
from tapegrad.testing import check_grads


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A GPT of a size that is compiled in no time."""
    for name, size in {"WIDTH": 16, "HEADS": 2, "LAYERS": 1, "CONTEXT": 8}.items():
        monkeypatch.setattr(gpt, name, size)


@pytest.mark.parametrize(
    ("example", "options"),
    [
        (gpt, ["--steps=2"]),
        (hamiltonian, ["--draws=2"]),
        (heat, ["--steps=2"]),
        (graph, ["--steps=2"]),
        (orbit, ["--steps=1"]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_runs_as_a_program(example, options, tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="the pictures are drawn with matplotlib: see the extra `examples`")
    picture = tmp_path / "picture.png"
    example.main([*options, "--plot", str(picture)])
    assert capsys.readouterr().out
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")


def test_the_gpt_learns_and_its_parameters_come_back_from_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tapegrad, "compile", lambda function: function)  # for so few steps it does not pay
    text = "abcd" * 20
    parameters, losses = gpt.train(gpt.first_parameters(4, 0), text, 30, 0.03, 0)
    assert losses[-1] < 0.7 * losses[0]
    tapegrad.save(tmp_path / "model", parameters)
    back = tapegrad.load(tmp_path / "model")
    assert tree.all(tree.map(lambda x, y: bool((x == y).all()), parameters, back))


def test_no_letter_of_the_gpt_sees_those_behind_it():
    parameters, codes = gpt.first_parameters(5, 0), np.array([[0, 1, 2, 3]])
    changed = np.array([[0, 1, 2, 4]])
    before, after = (gpt.scores(parameters, x).asnumpy() for x in (codes, changed))
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert (before[:, 3] != after[:, 3]).all()


def test_the_sampler_finds_the_posterior_of_the_line():
    places, values = hamiltonian.data()
    samples, accepted = hamiltonian.sample(places, values, 60, seed=1)
    mean = samples[20:, :, :2].mean(axis=(0, 1))
    design = np.stack([places, np.ones_like(places)], axis=1)
    np.testing.assert_allclose(mean, np.linalg.lstsq(design, values, rcond=None)[0], atol=0.08)
    assert accepted > 0.7


def test_the_beginning_of_the_heat_is_found_better_than_by_the_end():
    late = heat.seen(size=10, moments=6)
    found, falls = heat.find(late, 20, moments=6)
    assert falls[-1] < 0.2 * falls[0]
    nearness = [np.mean((plate - heat.truth(10)) ** 2) for plate in (found["heat"], late[1])]
    assert nearness[0] < 0.6 * nearness[1]


def test_the_gradient_of_the_graph_network():
    adjacency, groups, _ = graph.data(12)
    parameters = [x.asnumpy().astype("float64") for x in graph.first_parameters(12, 0)]
    loss = lambda *p: tapegrad.nn.cross_entropy(graph.scores(p, adjacency.astype("float64"))[:4], groups[:4])
    gradients = tapegrad.grad(loss, argnums=(0, 1))(*parameters)
    rng = np.random.default_rng(0)
    for i, (x, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        d = rng.standard_normal(x.shape)
        ahead, behind = (
            float(loss(*[y + h * d if i == j else y for j, y in enumerate(parameters)])) for h in (1e-6, -1e-6)
        )
        assert np.vdot(gradient, d) == pytest.approx((ahead - behind) / 2e-6, rel=1e-6)


def test_the_orbit_is_found_and_its_sensitivity_is_that_of_the_path():
    found, left = orbit.find(orbit.seen(), 20)
    np.testing.assert_allclose(found, orbit.TRUE_START, atol=0.03)
    assert left < 0.01
    _, moves = orbit.fly(orbit.TRUE_START)
    step = 1e-4 * np.eye(4)[0]
    ahead, behind = (orbit.fly(orbit.TRUE_START + h)[0] for h in (step, -step))
    np.testing.assert_allclose(moves[:, :, 0], (ahead - behind) / 2e-4, atol=1e-3)
    check_grads(orbit.pull, [orbit.TRUE_START])
