"""`tapegrad.optimizers` beside updates written out in NumPy, on every kind of leaf; and `tapegrad.tree`."""

from collections import namedtuple

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import optimizers, tree
from tapegrad.errors import ArgumentError, ArgumentTypeError, ShapeError

DRAW = np.random.default_rng(0).standard_normal
START = {"w": DRAW((2, 3)), "b": [DRAW(3)]}
GRADIENTS = [{"w": DRAW((2, 3)), "b": [DRAW(3)]} for _ in range(3)]


def sgd(x, gs):
    for g in gs:
        x = x - 0.1 * g
    return x


def momentum(x, gs, nesterov=False):
    m = 0
    for g in gs:
        m = 0.9 * m + g
        x = x - 0.1 * (g + 0.9 * m if nesterov else m)
    return x


def rmsprop(x, gs):
    v = 0
    for g in gs:
        v = 0.9 * v + 0.1 * g**2
        x = x - 0.1 * g / np.sqrt(v + 1e-8)
    return x


def adam(x, gs, decay=0.0):
    m = v = 0
    for n, g in enumerate(gs, 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        x = x - 0.1 * (m / (1 - 0.9**n) / (np.sqrt(v / (1 - 0.999**n)) + 1e-8) + decay * x)
    return x


def lion(x, gs):
    m = 0
    for g in gs:
        x, m = x - 0.1 * (np.sign(0.9 * m + 0.1 * g) + 0.01 * x), 0.99 * m + 0.01 * g
    return x


RATES = [0.0, 0.05, 0.1]


def scheduled(x, gs):
    for rate, g in zip(RATES, gs, strict=True):
        x = x - rate * g
    return x


PAIRS = {
    "sgd": (optimizers.sgd(0.1), sgd),
    "momentum": (optimizers.sgd(0.1, momentum=0.9), momentum),
    "nesterov": (optimizers.sgd(0.1, momentum=0.9, nesterov=True), lambda x, gs: momentum(x, gs, nesterov=True)),
    "rmsprop": (optimizers.rmsprop(0.1), rmsprop),
    "adam": (optimizers.adam(0.1), adam),
    "adamw": (optimizers.adamw(0.1, weight_decay=0.5), lambda x, gs: adam(x, gs, 0.5)),
    "lion": (optimizers.lion(0.1, weight_decay=0.01), lion),
    "schedule": (optimizers.sgd(optimizers.linear_schedule(0.0, 0.1, 2)), scheduled),
    "clip": (
        optimizers.chain(optimizers.clip(0.5), optimizers.sgd(0.1)),
        lambda x, gs: sgd(x, [np.clip(g, -0.5, 0.5) for g in gs]),
    ),
}
KINDS = {"raw": np.asarray, "ours": lambda x: tnp.asarray(x)}


def descended(optimizer, start, gradients):
    params, state = start, optimizer.init(start)
    for gradient in gradients:
        updates, state = optimizer.update(gradient, state, params)
        params = optimizers.apply_updates(params, updates)
    return params


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", PAIRS)
def test_updates_are_those_written_out(case, kind):
    optimizer, expected = PAIRS[case]
    enter = KINDS[kind]
    start = tree.map(enter, START)
    found = descended(optimizer, start, [tree.map(enter, g) for g in GRADIENTS])
    assert tree.structure(found) == tree.structure(START)
    for x, first, *gs in zip(*map(tree.leaves, (found, START, *GRADIENTS)), strict=True):
        assert type(x) is type(enter(first)) and x.dtype == np.float64
        np.testing.assert_allclose(x if kind == "raw" else x.asnumpy(), expected(first, gs), rtol=1e-7)


def test_floats_stay_floats():
    found = descended(optimizers.adamw(0.1, weight_decay=0.5), {"x": 2.0}, [{"x": 3.0}, {"x": -1.0}])
    assert type(found["x"]) is float
    assert found["x"] == pytest.approx(adam(2.0, [3.0, -1.0], 0.5), rel=1e-12)


@pytest.mark.parametrize("backend", ["strict", "jax"], indirect=True)
def test_updates_stay_on_their_engine(backend):
    with tapegrad.use_backend(backend):
        start, gradients = tree.map(tnp.asarray, START), [tree.map(tnp.asarray, g) for g in GRADIENTS]
    found = descended(optimizers.adam(0.1), start, gradients)
    assert {leaf.backend for leaf in tree.leaves(found)} == {backend}
    np.testing.assert_allclose(found["b"][0].asnumpy(), adam(START["b"][0], [g["b"][0] for g in GRADIENTS]), rtol=1e-6)


def test_the_global_norm_is_of_all_leaves_and_neither_overflows_nor_divides_by_zero():
    cut = lambda grads: optimizers.clip_by_global_norm(1.0).update(grads, ())[0]
    np.testing.assert_allclose(tree.ravel(cut([np.array([3.0, 0.0]), np.array([4.0])]))[0], [0.6, 0.0, 0.8])
    assert cut([np.array([0.3]), np.array([0.4])]) == [0.3, 0.4]
    assert cut([np.zeros(2)])[0].tolist() == [0.0, 0.0]
    assert optimizers.global_norm([np.array([3e200]), np.array([4e200])]) == pytest.approx(5e200)


def test_a_mask_says_what_decays():
    decay = optimizers.add_decayed_weights(0.5, mask=lambda params: {name: name == "w" for name in params})
    grads, params = {"w": np.ones(1), "b": np.ones(1)}, {"w": np.full(1, 2.0), "b": np.full(1, 2.0)}
    assert decay.update(grads, (), params)[0] == {"w": [2.0], "b": [1.0]}
    with pytest.raises(ArgumentTypeError, match=r"update\(grads, state, params\)"):
        decay.update(grads, ())


def test_whatever_keeps_the_protocol_stands_in_a_chain():
    class Doubling:
        def init(self, params):
            return 0

        def update(self, grads, state, params=None):
            return {name: 2 * g for name, g in grads.items()}, state + 1

    optimizer = optimizers.chain(Doubling(), optimizers.sgd(0.5))
    updates, state = optimizer.update({"x": np.ones(1)}, optimizer.init({"x": np.ones(1)}))
    assert updates["x"] == [-1.0] and state[0] == 1


def test_a_step_is_differentiated_in_its_gradient():
    optimizer = optimizers.adam(0.1, eps=1.0)

    def after(scale):
        x = np.array([1.0, 2.0])
        return optimizers.apply_updates(x, optimizer.update(scale * x, optimizer.init(x))[0]).sum()

    slope = (after(2.0 + 1e-6) - after(2.0 - 1e-6)) / 2e-6
    assert tapegrad.grad(after)(2.0) == pytest.approx(slope, rel=1e-6)


def test_a_compiled_step_is_traced_once():
    optimizer = optimizers.adam(optimizers.cosine_decay_schedule(0.1, 100))

    @tapegrad.compile
    def step(params, state):
        loss, gradient = tapegrad.value_and_grad(lambda p: ((p["w"] - 3) ** 2).sum())(params)
        updates, state = optimizer.update(gradient, state, params)
        return optimizers.apply_updates(params, updates), state, loss

    params = {"w": tnp.zeros(3)}
    state, losses = optimizer.init(params), []
    for _ in range(20):
        params, state, loss = step(params, state)
        losses.append(loss.item())
    assert step.stats()["traces"] == 1 and losses == sorted(losses, reverse=True)


@pytest.mark.parametrize("kind", KINDS)
def test_lbfgs_finds_the_minimum_in_the_kind_and_dtype_of_the_start(kind):
    start = {"a": KINDS[kind](np.zeros(3, np.float32)), "b": KINDS[kind](np.zeros((), np.float64))}
    found, result = optimizers.lbfgs(lambda p, at: ((p["a"] - at) ** 2).sum() + (p["b"] + 2) ** 2, start, 1.5)
    assert result.success and found["a"].dtype == np.float32 and type(found["a"]) is type(start["a"])
    np.testing.assert_allclose(np.asarray(found["a"]), [1.5] * 3, rtol=1e-5)
    assert float(found["b"]) == pytest.approx(-2, rel=1e-5)


Pair = namedtuple("Pair", "x y")


def test_trees_are_mapped_reduced_and_laid_flat():
    start = Pair({"b": tnp.ones((2, 2)), "a": None}, [tnp.asarray(3)])
    doubled = tree.map(lambda x: 2 * x, start)
    assert isinstance(doubled, Pair) and doubled.y[0] == 6 and doubled.x["a"] is None
    vector, back = tree.ravel(start)
    assert vector.tolist() == [1, 1, 1, 1, 3]
    again = back(vector + 1)
    assert again.x["b"].shape == (2, 2) and again.y[0].dtype == np.int64 and again.y[0] == 4
    assert tree.all(tree.map(lambda x, y: x.shape == y.shape, start, again))
    gradient = tapegrad.grad(lambda v: (back(v).x["b"] ** 2).sum())(vector)
    assert gradient.tolist() == [2, 2, 2, 2, 0]
    assert tree.ravel(())[0].shape == (0,)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: tree.map(lambda x, y: x, [1], [1, 2]), ArgumentError, "trees of other structures"),
        (lambda: tree.unflatten(tree.structure([1]), [1, 2]), ArgumentError, "tree.unflatten: "),
        (lambda: tree.reduce(lambda x, y: x, []), ArgumentError, "give `initial`"),
        (lambda: tree.ravel([np.ones(2)])[1](np.ones(3)), ShapeError, r"give \(2,\)"),
        (lambda: optimizers.warmup_cosine_decay_schedule(0.0, 1.0, 5, 5), ArgumentError, "give it fewer"),
        (lambda: optimizers.apply_updates([1.0], [1.0, 2.0]), ArgumentError, "trees of other structures"),
        (lambda: optimizers.chain(optimizers.sgd), TypeError, r"such as sgd\(0.1\), with `init`"),
        (lambda: optimizers.adam("1e-3"), TypeError, "learning_rate is '1e-3'; give a number"),
        (
            lambda: optimizers.adam(0.1).update([1.0], None),
            TypeError,
            r"what init\(params\) gave.*not None",
        ),
        (lambda: optimizers.adam(0.1).update([1.0], optimizers.sgd(0.1).init([1.0])), TypeError, "the state is what"),
        (lambda: optimizers.piecewise_constant_schedule(1.0, [2, 5]), TypeError, "are a dict of factors by counts"),
        (lambda: tree.map([1], abs), TypeError, "takes a function and then trees.*is a list"),
        (
            lambda: tree.unflatten([1], tree.structure(0)),
            TypeError,
            "a structure and then its leaves, not a list",
        ),
        (lambda: tree.leaves(1, is_leaf=None), TypeError, r"leaves\(\) got .*'is_leaf': it takes tree"),
    ],
)
def test_what_does_not_fit_is_refused(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
