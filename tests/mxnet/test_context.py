"""Contexts: where arrays live, by label on the host and by device elsewhere."""

import threading

import pytest

import tapegrad as mx
from tapegrad import autograd, nd
from tapegrad.errors import BackendUnavailableError, MixedBackendsError


def test_contexts_are_told_apart_by_type_and_number():
    assert mx.cpu() == mx.cpu(0) == mx.Context("cpu") == mx.Context(mx.cpu())
    assert mx.cpu(0) != mx.cpu(1) != mx.gpu(1)
    assert {mx.cpu(1): "one"}[mx.Context("cpu", 1)] == "one"
    assert repr(mx.gpu(2)) == "gpu(2)"
    assert (mx.cpu(3).device_type, mx.cpu(3).device_id, mx.gpu().device_typeid) == ("cpu", 3, 2)
    assert mx.cpu() != "cpu(0)"


@pytest.mark.parametrize("wrong", [("tpu", 0), ("cpu", -1), ("cpu", 1.5)])
def test_a_context_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"choose one of cpu, gpu|from 0 up"):
        mx.Context(*wrong)


def test_the_current_context_is_that_of_the_innermost_block_and_of_each_thread():
    seen = []
    with mx.Context("cpu", 3), mx.cpu(4):
        assert mx.current_context() == mx.cpu(4)
        thread = threading.Thread(target=lambda: seen.append(mx.current_context()))
        thread.start()
        thread.join()
        assert nd.zeros(1).context == mx.cpu(4)
        assert nd.random.uniform(shape=1).context == mx.cpu(4)
    assert seen == [mx.cpu(0)]
    with pytest.raises(KeyError), mx.cpu(2):
        raise KeyError
    assert mx.current_context() == mx.context.current_context() == mx.cpu(0)


def test_a_context_may_be_entered_again_while_it_is_entered():
    here = mx.cpu(2)
    with here, mx.cpu(1), here:
        assert mx.current_context() == here
    assert mx.current_context() == mx.cpu(0)


def test_results_live_where_their_operands_do():
    x = nd.array([1, 2], ctx=mx.cpu(1))
    x.attach_grad()
    with autograd.record():
        y = nd.dot(x, x) + x[0] * 2
        z = nd.concat(x, x * x, dim=0)
    assert y.context == z.context == nd.zeros_like(x).context == mx.cpu(1)
    assert repr(x).endswith("<NDArray 2 @cpu(1)>")
    y.backward()
    assert x.grad.context == mx.cpu(1)
    assert x.grad.asnumpy().tolist() == [4, 4]


def test_arrays_of_two_contexts_do_not_mix():
    with pytest.raises(MixedBackendsError):
        nd.ones(1) + nd.ones(1, ctx=mx.cpu(1))


def test_moving_is_differentiated_through_and_back():
    x = nd.array([3.0], dtype="float64")
    x.attach_grad()
    with autograd.record():
        y = (x * x).as_in_context(mx.cpu(1)) * 2
        z = y.as_in_context(mx.cpu(0)) * x
        first = autograd.grad(z, [x], create_graph=True)[0]
    assert first.asscalar() == 6 * 9
    assert first.context == mx.cpu(0)
    first.backward()
    assert x.grad.asscalar() == 12 * 3


def test_the_same_context_is_the_same_array():
    x = nd.ones(1)
    assert x.as_in_context(mx.cpu()) is x
    assert x.copyto(mx.cpu()) is not x


def test_a_write_crosses_contexts():
    x, w = nd.zeros(2), nd.ones(2, ctx=mx.cpu(1))
    x[:] = w
    x[0] = w[0] * 5
    w.copyto(other := nd.zeros(2))
    assert x.asnumpy().tolist() == [5, 1]
    assert x.context == other.context == mx.cpu(0)


def test_a_gpu_that_is_not_there_is_an_error_that_lists_who_was_asked():
    number = 99
    with pytest.raises(
        BackendUnavailableError, match=rf"no engine here has the device gpu\({number}\).*numpy: has cpu"
    ):
        nd.ones(1, ctx=mx.gpu(number))
    with pytest.raises(BackendUnavailableError):
        nd.ones(1).as_in_context(mx.gpu(number))
    with mx.gpu(number), pytest.raises(BackendUnavailableError):
        nd.ones(1)


def test_what_is_no_context_is_refused():
    with pytest.raises(TypeError, match=r"ctx is 'cpu'; give a context, such as mx.cpu\(\)"):
        nd.ones(1, ctx="cpu")


def test_a_pickled_array_comes_back_to_its_context():
    import copy
    import pickle

    x = nd.array([1, 2], ctx=mx.cpu(1), dtype="int32")
    back = pickle.loads(pickle.dumps(x))
    assert (back.context, back.dtype, back.asnumpy().tolist()) == (mx.cpu(1), x.dtype, [1, 2])
    assert copy.deepcopy(x).context == mx.cpu(1)
