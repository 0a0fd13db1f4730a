"""Functions tracked as a whole (`custom`, `Function`, `checkpoint`) in a vmap that is differentiated from outside."""

import copy

import numpy as np
import pytest

import tapegrad as mx
import tapegrad.numpy as tnp
from tapegrad import autograd, nd

A = nd.array([[1.0, 2.0], [3.0, 4.0]], dtype="float64")
B = nd.array([[5.0, 7.0], [2.0, 3.0]], dtype="float64")
W = nd.array([5.0, 7.0], dtype="float64")


def plain(x, w):
    """What all of them compute."""
    return x * w


@mx.custom
def ruled(x, w):
    """With a rule for each input."""
    return x * w


ruled.defvjp(x=lambda g, w: g * w, w=lambda g, x: g * x)


class Multiplied(autograd.Function):
    """With a rule that uses inputs and output."""

    def forward(self, x, w):
        y = x * w
        self.save_for_backward(x, w, y)
        return y

    def backward(self, g):
        _, w, y = self.saved_tensors
        return g * w, g * y / w


WAYS = {
    "custom": ruled,
    "Function": lambda x, w: Multiplied()(x, w),
    "checkpoint": mx.checkpoint(plain),
    "checkpoint of a closure": lambda x, w: mx.checkpoint(lambda r: r * w)(x),
}


def summed(f):
    """A sum over rows, in which w is the same for all."""
    return lambda a, w: nd.sum(mx.vmap(lambda r: nd.sum(f(r * r, w) * r))(a))


def of_gradients(f):
    """A sum of gradients taken inside the vmap."""
    return lambda a, w: nd.sum(mx.vmap(mx.grad(lambda r: nd.sum(f(r * r, w) * r)))(a) * a)


def nested(f):
    """Rows beside rows, in two vmaps."""
    return lambda a, w: nd.sum(mx.vmap(lambda wi: mx.vmap(lambda r: nd.sum(f(r, wi) * r))(a))(B * w))


def twice(f):
    """The squares of a gradient of the sum."""
    return lambda a, w: nd.sum(mx.grad(summed(f))(a, w) ** 2)


def constant_rows(f):
    """Rows that are constants, beside a w that is not."""
    return lambda a, w: nd.sum(mx.vmap(lambda r: f(r, w))(B) ** 2) + nd.sum(a)


@pytest.mark.parametrize("argument", [0, 1])
@pytest.mark.parametrize("program", [summed, of_gradients, nested, twice, constant_rows])
@pytest.mark.parametrize("way", WAYS)
def test_gradients_from_outside_are_those_of_the_plain_function(way, program, argument):
    found = mx.grad(program(WAYS[way]), argument)(A, W)
    expected = mx.grad(program(plain), argument)(A, W)
    np.testing.assert_allclose(found.asnumpy(), expected.asnumpy(), rtol=1e-12)


@pytest.mark.parametrize("program", [summed, nested])
@pytest.mark.parametrize("way", WAYS)
def test_tangents_from_outside_are_those_of_the_plain_function(way, program):
    tangents = nd.array([[1.0, -2.0], [0.5, 3.0]], dtype="float64"), nd.array([2.0, -1.0], dtype="float64")
    found, expected = (mx.jvp(program(f), [A, W], tangents)[1] for f in (WAYS[way], plain))
    np.testing.assert_allclose(found.asnumpy(), expected.asnumpy(), rtol=1e-12)


class Exponential(autograd.Function):
    """With a rule that uses its output only."""

    def forward(self, x):
        y = nd.exp(x)
        self.save_for_backward(y)
        return y

    def backward(self, g):
        (y,) = self.saved_tensors
        return g * y


def test_an_output_that_a_rule_uses_keeps_its_place_outside_the_batch():
    def third(f):
        def once(a):
            return nd.sum(mx.vmap(lambda r: f(r) * r)(a))

        def again(g):
            return mx.grad(lambda a: nd.sum(g(a)))

        return again(again(mx.grad(once)))(A)

    np.testing.assert_allclose(third(lambda x: Exponential()(x)).asnumpy(), third(nd.exp).asnumpy(), rtol=1e-12)


def attached(x):
    """A result made a variable of its own."""
    x.attach_grad()
    return x


def copied(x):
    """A copy made while nothing is recorded."""
    with mx.pause():
        return copy.deepcopy(x)


@pytest.mark.parametrize("constant", [nd.NDArray.detach, nd.stop_gradient, mx.stop_gradient, attached, copied])
def test_what_is_made_a_constant_inside_is_one_outside(constant):
    found = mx.grad(lambda a: nd.sum(mx.vmap(mx.vmap(lambda r: r * constant(r * r)))(a)))(A)
    np.testing.assert_allclose(found.asnumpy(), A.asnumpy() ** 2)
    found = mx.grad(lambda a: nd.sum(mx.vmap(mx.grad(lambda r: nd.sum(r * constant(r * 1))))(a)))(A)
    assert not found.asnumpy().any()


def test_a_rule_that_is_no_derivative_is_used_at_every_level():
    @mx.custom
    def reversed_gradient(x):
        return x

    reversed_gradient.defvjp(x=lambda g: -g)
    found = mx.grad(lambda a: nd.sum(mx.vmap(lambda r: reversed_gradient(r) * r)(a)))(A)
    np.testing.assert_allclose(found.asnumpy(), np.zeros((2, 2)), atol=1e-15)


VIEWS = {
    "transposed": lambda y: y.T,
    "of one shape": lambda y: y.reshape(-1)[:2],
    "exchanged": lambda y: y.swapaxes(0, 1)[1],
    "taken before": lambda y: y[0],
}


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("view", VIEWS)
def test_writes_through_views_keep_gradients_from_outside(view, late):
    """Which the values have inside the batch, where no handle has a place on the tape of its own."""

    def program(x):
        y = tnp.zeros((2, 2)) + 0 * x[0] if late else tnp.outer(x, x)
        seen, whole = VIEWS[view](y), y[:]
        if late:
            y[:, 0] = x * x
            return seen * 2 + whole
        seen[...] = x
        return y * whole + seen

    rows = tnp.asarray(np.asarray([[0.5, -2.0], [3.0, 0.25]]))
    found = mx.grad(lambda x: tnp.sum(mx.vmap(program)(x) ** 2))(rows)
    expected = mx.grad(lambda x: sum(tnp.sum(program(row) ** 2) for row in x))(rows)
    assert np.allclose(found.asnumpy(), expected.asnumpy())


def descended(x):
    """Steps of descent from a start that the whole batch shares."""
    w = tnp.ones(2, dtype="float64")
    w.attach_grad()
    for _ in range(3):
        with autograd.record():
            loss = tnp.sum((w * x - 1) ** 2) + tnp.sum(w * w)
        loss.backward()
        w -= 0.1 * w.grad
    return w


def taken_twice(x):
    """The gradient of a gradient, of a variable that is read in pieces."""
    w = tnp.ones(2, dtype="float64")
    w.attach_grad()
    with autograd.record():
        cubes = tnp.stack([v**3 for v in w]) * x
        slope = autograd.grad(tnp.sum(cubes), [w], create_graph=True)[0]
        size = tnp.sum(slope * slope) + tnp.sum(w)
    size.backward()
    return w.grad


@pytest.mark.parametrize("program", [descended, taken_twice])
def test_variables_of_a_program_in_a_batch_meet_what_differs_in_it(program):
    rows = tnp.asarray(np.asarray([[0.5, -2.0], [3.0, 0.25]]))
    expected = [program(row).asnumpy() for row in rows]
    assert np.allclose(mx.vmap(program)(rows).asnumpy(), expected)


def test_a_variable_made_in_a_batch_is_one_outside():
    w = tnp.ones(2, dtype="float64")

    def program(x):
        w.attach_grad()
        return x * 2

    mx.vmap(program)(tnp.ones((3, 2)))
    with autograd.record():
        found = mx.vmap(lambda x: x * w)(tnp.ones((3, 2), dtype="float64"))
    found.backward()
    assert w.grad.tolist() == [3.0, 3.0]


def test_a_gradient_of_a_batch_does_not_fit_a_variable_from_outside():
    w = tnp.ones(2, dtype="float64")

    def program(x):
        w.attach_grad()
        with autograd.record():
            loss = tnp.sum(w * x)
        loss.backward()
        return x

    with pytest.raises(mx.errors.ArgumentTypeError, match="from outside"):
        mx.vmap(program)(tnp.ones((3, 2), dtype="float64"))
