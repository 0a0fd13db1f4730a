"""`autograd.Function`: what it is given, what it may return, what it leaves behind."""

import gc
import weakref

import numpy as np
import pytest

import tapegrad
from tapegrad import autograd, nd
from tapegrad.errors import GraphError, GraphFreedError, ShapeError


def variable(values, **options):
    """An array with a gradient."""
    x = nd.array(values, **options)
    x.attach_grad()
    return x


class Scaled(autograd.Function):
    """a · b, remembering both."""

    def forward(self, a, b):
        self.save_for_backward(a, b)
        return a * b

    def backward(self, g):
        a, b = self.saved_tensors
        return g * b, g * a


class Both(autograd.Function):
    """exp(x) and x², saving an output and an input."""

    def forward(self, x):
        y = nd.exp(x)
        self.save_for_backward(x, y)
        return y, x * x

    def backward(self, g, h):
        x, y = self.saved_tensors
        return g * y + h * 2 * x


def test_inputs_and_outputs_in_any_number():
    a, b = variable([2.0]), variable([3.0])
    with autograd.record():
        c = Scaled()(a, b)
    c.backward()
    assert (a.grad.asscalar(), b.grad.asscalar()) == (3, 2)
    with autograd.record():
        found = Both()(a)
    assert type(found) is tuple
    found[1].backward()
    assert a.grad.asscalar() == 4


def test_an_input_that_is_no_variable_gets_no_gradient_and_costs_none():
    a, b = variable([2.0]), nd.array([3.0])
    with autograd.record():
        c = Scaled()(a, b) * 2
    c.backward()
    assert a.grad.asscalar() == 6
    assert b.grad is None


def test_an_output_that_was_not_used_has_zeros_for_a_cotangent():
    seen = []

    class Two(autograd.Function):
        def forward(self, x):
            return x * 2, x.reshape((3, 1))

        def backward(self, g, h):
            seen.append((g.asnumpy().tolist(), h.shape, h.asnumpy().tolist()))
            return g * 2 + h.reshape((3,))

    x = variable([1.0, 2.0, 3.0])
    with autograd.record():
        y, _ = Two()(x)
    y.backward()
    assert seen == [([1, 1, 1], (3, 1), [[0], [0], [0]])]


def test_none_stands_for_no_gradient():
    class Half(autograd.Function):
        def forward(self, a, b):
            return a + b

        def backward(self, g):
            return g, None

    a, b = variable([2.0]), variable([3.0])
    b.grad[:] = 7
    with autograd.record():
        c = Half()(a, b)
    c.backward()
    assert (a.grad.asscalar(), b.grad.asscalar()) == (1, 7)


def test_forward_is_not_recorded_and_backward_only_under_create_graph():
    modes = []

    class Watching(autograd.Function):
        def forward(self, x):
            modes.append((autograd.is_recording(), autograd.is_training()))
            return x * 1

        def backward(self, g):
            modes.append((autograd.is_recording(), autograd.is_training()))
            return g

    x = variable([1.0])
    with autograd.record():
        y = Watching()(x)
    y.backward()
    with autograd.record(train_mode=False):
        y = Watching()(x)
    autograd.backward(y, train_mode=False)
    with autograd.record():
        autograd.grad(Watching()(x), [x], create_graph=True)
    off_on, off_off = (False, True), (False, False)
    assert modes == [off_on, off_on, off_off, off_off, off_on, (True, True)]


def test_an_instance_is_called_once():
    function = Scaled()
    a = variable([2.0])
    function(a, a)
    with pytest.raises(GraphError, match="Scaled can be called only once"):
        function(a, a)


def test_outside_record_nothing_is_kept():
    function = Scaled()
    found = function(variable([2.0]), nd.ones(1))
    assert found.asscalar() == 2
    assert function.saved_tensors == ()


def test_retain_graph_keeps_what_was_saved():
    a, b = variable([2.0]), variable([3.0])
    with autograd.record():
        c = Scaled()(a, b)
    c.backward(retain_graph=True)
    c.backward()
    assert a.grad.asscalar() == 3
    with pytest.raises(GraphFreedError):
        c.backward()


@pytest.mark.parametrize("which, exact", [(0, lambda x: np.exp(x)), (1, lambda x: 2.0)])
def test_second_derivatives_through_saved_inputs_and_outputs(which, exact):
    x = variable([0.5], dtype="float64")
    with autograd.record():
        first = autograd.grad(Both()(x)[which], [x], create_graph=True)[0]
    first.backward()
    np.testing.assert_allclose(x.grad.asnumpy(), exact(0.5), rtol=1e-12)


def test_mixed_second_derivatives():
    a, b = variable([2.0], dtype="float64"), variable([3.0], dtype="float64")
    with autograd.record():
        y = Scaled()(a, b) * a
        first = autograd.grad(y, [a], create_graph=True)[0]
    first.backward()
    assert (a.grad.asscalar(), b.grad.asscalar()) == (6, 4)


def test_forward_mode_goes_through():
    tangent = tapegrad.jvp(lambda x: Scaled()(x, x * x), [nd.array([2.0])], [nd.array([1.0])])[1]
    assert tangent.asscalar() == 12


def test_a_gradient_of_another_shape_is_refused():
    class Wide(autograd.Function):
        def forward(self, x):
            return x * 1

        def backward(self, g):
            return nd.ones((2, 2))

    x = variable([1.0])
    with autograd.record():
        y = Wide()(x)
    with pytest.raises(ShapeError, match=r"Wide.backward .* shape \(2, 2\) for input 0, of shape \(1,\)"):
        y.backward()
    assert x.grad.asscalar() == 0


def test_a_gradient_of_another_dtype_is_cast():
    class Precise(autograd.Function):
        def forward(self, x):
            return x * 1

        def backward(self, g):
            return g.astype("float64") * 3

    x = variable([1.0])
    with autograd.record():
        y = Precise()(x)
    y.backward()
    assert x.grad.dtype is np.float32
    assert x.grad.asscalar() == 3


def test_what_is_no_array_is_refused_where_it_appears():
    class Careless(autograd.Function):
        def forward(self, x):
            return x.asnumpy()

    with pytest.raises(TypeError, match=r"Careless\.forward returned a"):
        Careless()(nd.ones(1))
    with pytest.raises(TypeError, match="input 0 of Scaled is a list, not an array"):
        Scaled()([1.0], nd.ones(1))
    with pytest.raises(NotImplementedError, match="Function has no forward"):
        autograd.Function()(nd.ones(1))


def test_a_subclass_need_not_call_the_constructor_of_function():
    class Clipped(autograd.Function):
        def __init__(self, limit):
            self.limit = limit

        def forward(self, x):
            return nd.clip(x, -self.limit, self.limit)

        def backward(self, g):
            return g * self.limit

    x = variable([5.0])
    with autograd.record():
        y = Clipped(2)(x)
    y.backward()
    assert (y.asscalar(), x.grad.asscalar()) == (2, 2)


def test_returning_an_input_makes_an_output_of_its_own():
    class Same(autograd.Function):
        def forward(self, x):
            return x

        def backward(self, g):
            return g * 5

    x = variable([1.0])
    with autograd.record():
        y = Same()(x)
    assert y is not x
    y.backward()
    assert x.grad.asscalar() == 5


@pytest.mark.parametrize("swept", [True, False])
def test_nothing_is_left_for_the_cyclic_collector(swept):
    x = variable([1.0, 2.0])

    def rounds(count):
        gone = []
        for _ in range(count):
            function = Both()
            gone.append(weakref.ref(function))
            with autograd.record():
                y, z = function(x)
                total = (y + z).sum()
            if swept:
                total.backward()
            del function, y, z, total
        return gone

    rounds(1)  # code that is written when it is first needed
    gc.collect()
    gc.disable()
    try:
        assert not any(ref() for ref in rounds(20))
        assert gc.collect() == 0
    finally:
        gc.enable()
