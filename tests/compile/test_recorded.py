"""A compiled function under `record()`: its call is one node, whose gradients are those of the function itself."""

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import autograd, nd, tree
from tapegrad.errors import CompileWarning, GraphFreedError
from tapegrad.gluon import Trainer, nn
from tapegrad.gluon import loss as gloss


def drawn(*shape, seed=0):
    return nd.array(np.random.RandomState(seed).randn(*shape))


def variable(*shape, req="write"):
    w = drawn(*shape)
    w.attach_grad(req)
    return w


def alike(make, calls=4):
    """`make()` gives a function, and how it is called; what compiled calls give is what eager ones give."""
    runs = []
    for compiled in (False, True):
        tapegrad.random.seed(5)
        function, call = make()
        function = tapegrad.compile(function) if compiled else function
        runs.append([[np.asarray(x) for x in call(function, number)] for number in range(calls)])
    for eager, got in zip(*runs, strict=True):
        for x, y in zip(eager, got, strict=True):
            np.testing.assert_allclose(y, x, rtol=1e-5, atol=1e-6)
    return function


def test_it_is_a_part_of_what_is_recorded():
    def make():
        w, b = variable(3, 4), variable(4, req="add")

        def call(f, number):
            x = drawn(2, 3, seed=number)
            x.attach_grad()
            with autograd.record():
                head = (f(x * 2) * f(x)).sum() + (w * w).sum()
            x_then, w_then = x.copy(), w.copy()
            x[:], w[:] = 0, 5  # which the backward pass does not see
            head.backward(retain_graph=True)
            grads = x.grad, w.grad, b.grad.copy()
            x[:], w[:] = x_then, w_then
            head.backward()
            with pytest.raises(GraphFreedError):
                head.backward()
            return head, *grads, b.grad

        return lambda x: nd.tanh(nd.dot(x, w) + b), call

    stats = alike(make, 2).stats()
    assert stats["eager"] == 0 and stats["replays"] == 2


def test_on_every_engine(backend):
    w = variable(3)
    f = tapegrad.compile(lambda x: nd.tanh(x * w))
    for number in range(3):
        x = drawn(3, seed=number)
        with autograd.record():
            y = f(x)
        y.backward()
        slope = 1 - y.asnumpy() ** 2
        np.testing.assert_allclose(w.grad.asnumpy(), x.asnumpy() * slope, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(tapegrad.elementwise_grad(f)(x).asnumpy(), w.asnumpy() * slope, rtol=1e-5, atol=1e-6)
    assert f.stats()["replays"] == 4 and f.stats()["eager"] == 0


@pytest.mark.parametrize(
    ("transform", "programs"),
    [
        (tapegrad.grad, True),
        (tapegrad.value_and_grad, True),
        (tapegrad.hessian, True),
        (lambda f: lambda x: tapegrad.hvp(f)(x, x + 1), True),
        (lambda f: lambda x: tapegrad.jvp(f, (x,), (x + 1,)), True),
        (lambda f: lambda x: [tapegrad.vjp(f, x)[1](c)[0] for c in (1.0, 2.0)], True),
        (lambda f: tapegrad.grad(lambda x: (tapegrad.grad(f)(x) ** 2).sum()), True),
        (lambda f: lambda x: tapegrad.vmap(tapegrad.grad(f))(x.reshape(3, 1)), False),
    ],
)
@pytest.mark.parametrize("effect", [False, True])
def test_transforms_of_a_compiled_function(transform, programs, effect):
    w, last = tnp.asarray([0.3, -0.7, 0.2]), tnp.asarray(0.0)

    def f(x):
        if effect:
            last[...] = last.detach() + 1
        return (tnp.sin(x * w + 0.5) ** 2 * x * tnp.sum(x).detach().item()).sum() if programs else (x**3).sum()

    compiled = tapegrad.compile(f)
    for k in range(3):
        x = tnp.asarray([0.1 * k, 1.0, -0.5])
        last[...] = 0
        wanted = tree.leaves(transform(f)(x)), last.item()
        last[...] = 0
        got = tree.leaves(transform(compiled)(x)), last.item()
        for u, v in zip(wanted[0], got[0], strict=True):
            np.testing.assert_allclose(v.asnumpy(), u.asnumpy(), rtol=1e-5, atol=1e-6)
        assert wanted[1] == got[1]
    assert bool(compiled.stats()["replays"]) == (programs and not effect)


def test_of_several_outputs_those_are_swept_that_are_asked_for():
    def make():
        w = variable(3)

        def call(f, number):
            x = nd.zeros(3)
            with autograd.record():
                y, more = f(x)
                head = y.sum() + (more["same"] * 2).sum()
            head.backward()
            return head, w.grad

        # The slope of the square root is infinite, and nobody asks for it.
        return lambda x: (x * w + w, {"root": nd.sqrt(w * x), "same": x, "number": 3}), call

    f = alike(make, 6)
    assert f.stats()["eager"] == 0 and f.stats()["replays"] >= 3 and "the sweep back" in f.explain(code=True)


def test_second_derivatives_run_the_function_once_more():
    def make():
        w = variable(3, 3)

        def call(f, number):
            x = drawn(3, 3, seed=number)
            x.attach_grad()
            with autograd.record():
                y = f(x).sum()
                (g,) = autograd.grad([y], [x], create_graph=True, retain_graph=True)
                head = (g * g).sum()
            head.backward()
            return head, x.grad, w.grad

        return lambda x: nd.Dropout(nd.dot(x, w).tanh(), p=0.3), call

    assert alike(make).stats()["eager"] == 0


def test_draws_writes_and_branches():
    def make():
        w, mean = variable(3, 3), nd.zeros((3,))

        def function(x, scale):
            with autograd.pause():
                mean[:] = mean * 0.9 + x.mean(axis=0)
            y = nd.Dropout(nd.dot(x, w), p=0.5) * scale
            while nd.norm(y).asscalar() < 20:
                y = y * 2
            return y

        def call(f, number):
            with autograd.record():
                head = (f(drawn(4, 3, seed=number % 3), 0.5 * number + 1) ** 2).sum()
            head.backward()
            return head, w.grad, mean

        return function, call

    assert alike(make, 8).stats()["eager"] == 0


def test_what_goes_on_from_call_to_call_runs_eagerly():
    def make():
        w, state = variable(3, 3), [None]

        def function(x):
            state[0] = nd.tanh(nd.dot(state[0] + x, w)) + 0 * nd.random.normal(shape=(1, 3))
            return state[0].sum() + nd.random.normal()

        def call(f, number):
            state[0] = nd.zeros((1, 3))
            with autograd.record():
                head = f(drawn(1, 3, seed=number)) + f(drawn(1, 3, seed=number + 1))
            head.backward()
            return head, w.grad, nd.random.normal(shape=(2,))

        return function, call

    with pytest.warns(CompileWarning):
        alike(make)


def test_a_hybridized_network_is_trained_as_it_is_eagerly():
    losses = []
    for hybridized in (False, True):
        tapegrad.random.seed(7)
        net = nn.HybridSequential()
        net.add(nn.Dense(16, in_units=8, activation="relu"), nn.BatchNorm(in_channels=16), nn.Dropout(0.3))
        net.add(nn.Dense(4, in_units=16))
        net.initialize()
        if hybridized:
            net.hybridize()
        trainer, criterion = Trainer(net.collect_params(), "adam"), gloss.SoftmaxCrossEntropyLoss()
        x, y = drawn(32, 8), nd.array(np.arange(32) % 4)
        for _ in range(6):
            with autograd.record():
                loss = criterion(net(x), y)
            loss.backward()
            trainer.step(32)
            losses.append(loss.mean().asscalar())
    np.testing.assert_allclose(losses[6:], losses[:6], rtol=1e-5)
    with autograd.record():
        assert "compiled" in tapegrad.tape_summary(net(x))
