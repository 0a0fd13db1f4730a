"""The PyTorch engine: its gradients beside PyTorch's own, and where the two libraries meet."""

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import ops
from tapegrad.errors import ArgumentTypeError, BoundsError, DtypeError, LinAlgError, ShapeError
from tapegrad.testing.conformance import judge_op

torch = pytest.importorskip("torch", reason="the PyTorch engine needs torch")
if not {row.name: row.usable for row in tapegrad.list_backends()}.get("torch"):
    pytest.skip("the plug-in for torch is not installed", allow_module_level=True)

import tapegrad_torch  # noqa: E402

RNG = np.random.default_rng(0)


def tensor(*shape):
    return torch.tensor(RNG.standard_normal(shape))


PROGRAMS = {
    "a chain": (lambda t, x: (t.tanh(x * 2) / (x * x + 1)).sum(), tensor(5)),
    "a product": (lambda t, x: t.exp(x @ x.T / 9).sum(), tensor(3, 4)),
    "slices": (lambda t, x: (x[1:] * x[:-1]).sum() + x[0, ..., None].sum(), tensor(4, 3)),
    "index arrays": (lambda t, x: (x[[0, 2, 2]] ** 2).sum() + (x[0, [1, 1]] * 3).sum(), tensor(3, 2)),
    "a maximum": (lambda t, x: t.max(x) * x.sum(), tensor(3, 4)),
    "where": (lambda t, x: t.where(x > 0, t.log(abs(x)), x * 3).mean(), tensor(3, 4)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_are_those_of_its_own_tape(name):
    program, x = PROGRAMS[name]
    own = x.clone().requires_grad_()
    program(torch, own).backward()
    found = tapegrad.grad(lambda x: program(tnp, x))(x)
    assert isinstance(found, torch.Tensor) and not found.requires_grad
    torch.testing.assert_close(found, own.grad)


@pytest.mark.parametrize(
    "name",
    [
        *("getitem", "scatter_add", "setitem", "flip", "take", "sum", "max", "matmul", "concat", "astype", "where"),
        *("maximum", "unbroadcast", "multiply_or_zero", "relu", "sqrt", "sort", "unique_all"),
    ],
)
def test_ops(name):
    checks = judge_op("torch", name, quick=True)
    assert checks and not [check for check in checks if check.failed]


def test_what_pytorch_refuses_or_gets_wrong():
    empty = tnp.zeros((0, 3)).to("torch")
    assert tnp.fft.fft(empty).shape == (0, 3) and tnp.fft.rfft(empty, n=4).shape == (0, 3)
    assert tapegrad.grad(lambda x: tnp.sum(tnp.fft.irfft(x)))(empty).shape == (0, 3)
    nothing = tnp.zeros(3, "complex64").to("torch")
    assert (nothing**nothing).tolist() == [1, 1, 1]
    x, ones = tnp.zeros((2, 3)).to("torch"), tnp.ones((1, 2, 1)).to("torch")
    written = ops.indexing.put_along_axis(x, tnp.asarray([[2], [0]]).to("torch"), ones, axis=1)
    assert written.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_convolutions_are_pytorchs():
    x, weight, bias = tensor(2, 4, 7), tensor(6, 2, 3), tensor(6)
    how = {"stride": 2, "padding": 1, "dilation": 1, "groups": 2}
    own = [v.clone().requires_grad_() for v in (x, weight, bias)]
    torch.nn.functional.conv1d(*own, **how).square().sum().backward()

    def loss(x, weight, bias):
        return tnp.sum(ops.nn.convolution(x, weight, bias, stride=(2,), pad=(1,), groups=2) ** 2)

    for found, other in zip(tapegrad.grad(loss, argnums=(0, 1, 2))(x, weight, bias), own, strict=True):
        torch.testing.assert_close(found, other.grad)


def test_a_count_over_no_axes_is_of_each_element():
    x = tnp.asarray(torch.tensor([[0, 2], [3, 0]]))
    assert tnp.count_nonzero(x, axis=()).tolist() == [[0, 1], [1, 0]]
    assert tnp.count_nonzero(x).tolist() == 2 and tnp.count_nonzero(x, axis=1, keepdims=True).tolist() == [[1], [1]]


def test_a_compiled_step_is_repeated():
    step = tapegrad.compile(tapegrad.value_and_grad(lambda w, x: tnp.mean(tnp.tanh(x @ w) ** 2)))
    x, w = tensor(3, 4), tensor(4, 2)
    found = [step(w, x)[1] for _ in range(3)]
    assert "runs eagerly" not in step.explain()
    for one in found:
        torch.testing.assert_close(one, step.__wrapped__(w, x)[1], rtol=0, atol=0)


def test_a_tensor_on_its_own_tape_is_refused_or_detached():
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(ArgumentTypeError, match=r"requires grad .* pass x\.detach\(\), or use"):
        tapegrad.grad(lambda x: tnp.sum(x * x))(x)
    with pytest.raises(ArgumentTypeError, match="requires grad"):
        tnp.asarray(torch.nn.Parameter(torch.ones(2)))
    with tapegrad_torch.detaching():
        found = tapegrad.grad(lambda x: tnp.sum(x * x))(x)
    assert found.tolist() == [2, 2, 2] and not found.requires_grad and x.grad is None


def test_an_abandoned_generator_ends_no_others_detaching():
    def stream():
        with tapegrad_torch.detaching():
            yield

    x, abandoned = torch.ones(2, requires_grad=True), stream()
    next(abandoned)
    with tapegrad_torch.detaching():
        del abandoned
        assert tnp.asarray(x).tolist() == [1, 1]
    with pytest.raises(ArgumentTypeError, match="requires grad"):
        tnp.asarray(x)


def test_results_share_no_memory():
    x = torch.arange(4.0)
    value, gradient = tapegrad.value_and_grad(lambda x: tnp.sum(x.reshape(2, 2).T))(x)
    same = tapegrad.vjp(lambda x: x, x)[1](x)[0]
    gradient += 1
    same += 1
    assert x.tolist() == [0, 1, 2, 3] and value == 6


# Moves


def test_a_move_on_the_host_copies_nothing():
    x = tnp.asarray(np.arange(4.0))
    y = x.to("torch")
    assert y._value.data_ptr() == x._value.__array_interface__["data"][0]
    assert y.to("numpy")._value.__array_interface__["data"][0] == y._value.data_ptr()


def test_dlpack_shares_memory_where_that_is_asked_for():
    class Stranger:
        """An array of a library that no backend knows."""

        def __init__(self, array):
            self.__dlpack__, self.__dlpack_device__ = array.__dlpack__, array.__dlpack_device__

    ours, theirs = tnp.asarray(np.arange(3.0)), torch.arange(3.0)
    given = torch.utils.dlpack.from_dlpack(ours.__dlpack__(copy=False))
    assert given.data_ptr() == ours._value.__array_interface__["data"][0]
    assert tnp.from_dlpack(theirs, copy=False)._value.data_ptr() == theirs.data_ptr()
    shared = tnp.from_dlpack(Stranger(theirs), copy=False)._value
    assert np.asarray(shared).__array_interface__["data"][0] == theirs.data_ptr()
    torch.from_dlpack(ours)[0] = 7.0  # a copy, where nobody asked
    assert ours.tolist() == [0, 1, 2]


def test_what_shares_memory_is_not_seen_to_be_written():
    x = tnp.asarray(np.arange(3.0))
    y = x.to("torch")
    z = y.to("numpy")
    x[0] = 5.0
    y[1] = 6.0
    z += 1
    assert (x.tolist(), y.tolist(), z.tolist()) == ([5, 1, 2], [0, 6, 2], [1, 2, 3])


def test_what_a_transform_returns_is_nobody_elses_memory():
    x = np.arange(3.0)
    found = tapegrad.jvp(lambda x: x.to("torch"), (x,), (np.ones(3),))[0]
    found += 1
    assert x.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "lay", [lambda a: a[::-1], lambda a: a.T, lambda a: a[:, ::2], lambda a: np.broadcast_to(a[0], (2, 4))]
)
def test_strides(lay):
    values = lay(np.arange(8.0).reshape(2, 4))
    values.flags.writeable = False
    assert tnp.asarray(values).to("torch").tolist() == values.tolist()
    with tapegrad.use_backend("torch"):
        assert tnp.asarray(values).tolist() == values.tolist()
    assert tapegrad.grad(lambda x: tnp.sum(x.to("torch")[::-1] ** 2))(values).tolist() == (2 * values).tolist()


def test_dlpack_both_ways():
    x = tnp.asarray(torch.arange(3.0))
    assert torch.from_dlpack(x).tolist() == [0, 1, 2] and np.from_dlpack(x).tolist() == [0, 1, 2]


# Errors


@pytest.mark.parametrize(
    ("fails", "error"),
    [
        (lambda x: x @ tnp.asarray(torch.ones(5)), ShapeError),
        (lambda x: x + tnp.asarray(torch.ones(5)), ShapeError),
        (lambda x: tnp.max(x[:0]), ShapeError),
        (lambda x: x[7], BoundsError),
        (lambda x: x[[0, 7]], BoundsError),
        (lambda x: tnp.linalg.inv(x[:, :2] * 0), LinAlgError),
        (lambda x: tnp.concat([x, x[0]]), ShapeError),
    ],
)
def test_errors_are_typed(fails, error):
    with pytest.raises(error):
        fails(tnp.asarray(torch.ones(2, 3)))


def test_a_dtype_that_numpy_has_not():
    with pytest.raises(DtypeError, match=r"there is no dtype torch\.bfloat16 in tapegrad"):
        tnp.asarray(torch.ones(2, dtype=torch.bfloat16))


@pytest.mark.parametrize("call", [torch.sum, lambda x: torch.stack([x, x]), torch.nn.Linear(2, 1)])
def test_a_function_of_pytorchs_says_what_to_call_instead(call):
    with pytest.raises(TypeError, match=r"ndarray; .* call the one of tapegrad\.numpy in its place"):
        tapegrad.grad(lambda x: call(x).sum())(torch.ones(2))
