"""What is done wrongly is one error of tapegrad's, which `except MXNetError` catches, and leaves all as it was."""

import pytest

import tapegrad as mx
from tapegrad import autograd, nd
from tapegrad.base import MXNetError
from tapegrad.errors import (
    ArgumentError,
    ArgumentTypeError,
    AxisError,
    BoundsError,
    DtypeError,
    GraphError,
    GraphFreedError,
    LinAlgError,
    MixedBackendsError,
    NotRecordedError,
    ShapeError,
    UnknownBackendError,
)


class Five(autograd.Function):
    """A function whose derivative is no array."""

    def forward(self, x):
        """Twice."""
        return x * 2

    def backward(self, dy):
        """Not an array."""
        return 5


class Nothing(autograd.Function):
    """A function that returns no array."""

    def forward(self, x):
        """Not an array."""
        return 5


def backward(compute, *head_grads):
    """A program that records and goes backward."""

    def program(x):
        with autograd.record():
            y = compute(x)
        y.backward(*head_grads)

    return program


def recorded(compute):
    """A program that fails while recording."""

    def program(x):
        with autograd.record():
            compute(x)

    return program


def twice(x):
    """A backward through what an earlier one has freed."""
    with autograd.record():
        y = x * x
    autograd.grad(y, x)
    y.backward()


MISUSES = {
    "backward of what was never recorded": (lambda x: (x * 2).backward(), NotRecordedError, "not recorded"),
    "backward without a variable": (backward(lambda x: nd.ones(2) * 2), NotRecordedError, r"attach_grad\(\)"),
    "backward of a freed graph": (twice, GraphFreedError, "retain_graph=True"),
    "backward of integers": (backward(lambda x: (x * 2).astype("int32")), NotRecordedError, "int32, which has no"),
    "a head gradient of another shape": (backward(lambda x: x * 2, nd.ones(2)), ShapeError, r"\(2,\), its head \(3,\)"),
    "a head gradient of another dtype": (
        backward(lambda x: x * 2, nd.ones(3, dtype="float64")),
        DtypeError,
        "float64, its head float32",
    ),
    "a head gradient that is a list": (backward(lambda x: x * 2, [1, 1, 1]), ArgumentTypeError, r"a list.*\(3,\)"),
    "a head gradient that is a number": (backward(lambda x: x * 2, 1.0), ArgumentTypeError, r"a float.*\(3,\)"),
    "more heads than gradients": (recorded(lambda x: autograd.backward([x, x], [x])), ArgumentError, "2 heads but 1"),
    "a head that is None": (lambda x: autograd.backward(None), ArgumentTypeError, "heads is an array, or a list"),
    "no heads": (lambda x: autograd.backward([]), GraphError, "at least one head"),
    "the gradient of no variable": (recorded(lambda x: autograd.grad(x * 2, nd.ones(3))), GraphError, "attach_grad"),
    "an unknown grad_req": (lambda x: x.attach_grad("wirte"), ArgumentError, "'wirte'.*'write', 'add', 'null'"),
    "a gradient of another shape": (lambda x: autograd.mark_variables(x, nd.ones(2)), ShapeError, r"\(3,\).*\(2,\)"),
    "an unknown backend": (lambda x: x.to("nunpy"), UnknownBackendError, "did you mean 'numpy'"),
    "an unknown device": (lambda x: mx.Context("tpu"), ArgumentError, "'tpu'; choose one of cpu, gpu"),
    "a device with no number": (lambda x: mx.cpu("0"), ArgumentError, "from 0 up, not '0'"),
    "a context that is a word": (lambda x: nd.ones(1, ctx="cpu"), ArgumentTypeError, r"mx.cpu\(\)"),
    "an unknown dtype": (lambda x: x.astype("float33"), DtypeError, "'float33'.*float32, float64"),
    "a dtype of objects": (lambda x: nd.array([1], dtype=object), DtypeError, "object.*float32, float64"),
    "a dtype of words": (lambda x: nd.zeros(1, dtype="S3"), DtypeError, "'S3'.*float32, float64"),
    "words": (lambda x: nd.array(["a"]), ArgumentTypeError, "array like"),
    "ragged lists": (lambda x: nd.array([[1, 2], [3]]), ArgumentTypeError, "array like"),
    "full of a word": (lambda x: nd.full(2, "a"), ArgumentError, "'a', which float32 cannot hold"),
    "full of too much": (lambda x: nd.full(2, 300, dtype="uint8"), ArgumentError, "300, which uint8 cannot hold"),
    "shapes that do not broadcast": (lambda x: x + nd.ones(2), ShapeError, r"\(3,\), \(2,\)"),
    "dot of shapes": (lambda x: nd.dot(nd.ones((2, 3)), nd.ones((2, 3))), ShapeError, r"\(2, 3\) and \(2, 3\)"),
    "a list for an array": (lambda x: nd.exp([1.0]), ArgumentTypeError, r"not a list; make one with nd.array\(\)"),
    "an array of another face": (lambda x: x + mx.numpy.ones(3), ArgumentTypeError, r"as_nd_ndarray\(\)"),
    "a choice that there is not": (lambda x: nd.Activation(x, act_type="rellu"), ArgumentError, "'rellu'.*'relu'"),
    "an index too high": (lambda x: x[5], BoundsError, "index 5 .* size 3"),
    "a list of indices too high": (lambda x: x[[5]], BoundsError, "index 5 .* size 3"),
    "an array of indices too low": (lambda x: x[nd.array([-4], dtype="int32")], BoundsError, "index -4 .* size 3"),
    "too many indices": (lambda x: x[0, 0], BoundsError, "too many indices"),
    "a word for an index": (lambda x: x["a"], ArgumentError, "'a' of type str"),
    "a step of zero": (lambda x: x[::0], ArgumentError, "step cannot be zero"),
    "a write too far": (lambda x: x.__setitem__(5, 1.0), BoundsError, "index 5 .* size 3"),
    "a write through a list too far": (lambda x: x.__setitem__([5], 1.0), BoundsError, "index 5 .* size 3"),
    "a write of another shape": (
        lambda x: x.__setitem__(slice(2), nd.ones(3)),
        ShapeError,
        r"\(3,\) into shape \(2,\)",
    ),
    "a write of ragged lists": (lambda x: x.__setitem__(slice(2), [[1], [2, 3]]), ArgumentError, "make no array"),
    "a write to a variable": (recorded(lambda x: x.__setitem__(0, 1.0)), GraphError, r"pause\(\)"),
    "take beyond": (lambda x: nd.take(x, nd.array([5]), mode="raise"), BoundsError, "index 5 .* size 3"),
    "a reshape to another size": (lambda x: x.reshape((2, 2)), ShapeError, r"\(3,\) \(size 3\).*\(2, 2\)"),
    "an axis that is none": (lambda x: x.sum(axis=3), AxisError, "axis 3 .* from -1 to 0"),
    "an axis listed twice": (lambda x: nd.ones((2, 3)).sum(axis=(0, -2)), ArgumentError, r"\(0, -2\).*twice"),
    "a negative length": (lambda x: nd.zeros((-1, 2)), ShapeError, r"\(-1, 2\)"),
    "an out of another shape": (lambda x: nd.exp(x, out=nd.ones(2)), ShapeError, r"\(2,\) to \(3,\)"),
    "an out of another dtype": (lambda x: nd.exp(x, out=nd.ones(3, dtype="int32")), DtypeError, "float32.*int32"),
    "a matrix without inverse": (lambda x: nd.linalg.inverse(nd.zeros((2, 2))), LinAlgError, "(?i)singular"),
    "no arrays": (lambda x: nd.concat(), ArgumentTypeError, "at least one array"),
    "a forward without array": (lambda x: Nothing()(x), ArgumentTypeError, "Nothing.forward returns .* not an int"),
    "a backward without array": (
        backward(lambda x: Five()(x)),
        ArgumentTypeError,
        "Five.backward.* not an int",
    ),
    "a loop over several numbers of steps": (
        lambda x: nd.contrib.foreach(lambda a, s: (a, s), [x, nd.ones(2)], []),
        ShapeError,
        r"\(3,\), \(2,\)",
    ),
    "a step without states": (
        lambda x: nd.contrib.foreach(lambda a, s: nd.ones(2), x, []),
        ArgumentTypeError,
        r"foreach\(\): a step returns .* two things",
    ),
    "complex numbers to real ones": (lambda x: nd.array([1j]), DtypeError, "float32; give dtype='complex64'"),
    "bits of floats": (lambda x: x & 1, DtypeError, "bitwise_and.*float32"),
    "full of too many": (lambda x: nd.full(2, [1, 2, 3]), ShapeError, r"\(3,\), which is not \(2,\)"),
    "less than no repeats": (lambda x: nd.arange(3, repeat=-1), ArgumentError, "repeat is -1"),
    "a line between words": (lambda x: nd.linspace("a", 1, 3), ArgumentTypeError, "takes numbers, not 'a' and 1"),
    "a capsule that is none": (lambda x: nd.from_dlpack(5), ArgumentTypeError, "DLPack capsule.*not an int"),
    "a file by number": (lambda x: nd.load(5), ArgumentTypeError, "name of a file, not an int"),
    "a file without name": (lambda x: nd.save(None, x), ArgumentTypeError, "name of a file, not None"),
    "a complement of floats": (lambda x: ~x, DtypeError, r"bitwise_invert\(\) does not take float32"),
    "a name that saves no array": (lambda x: nd.save("nowhere", [1]), ArgumentTypeError, "NDArray"),
}


@pytest.mark.parametrize("name", MISUSES)
def test_a_misuse_is_one_error_and_leaves_all_as_it_was(name):
    program, kind, words = MISUSES[name]
    x = nd.array([1, 2, 3])
    x.attach_grad()
    x.grad[:] = 7
    with pytest.raises(MXNetError, match=words) as caught:
        program(x)
    assert type(caught.value) is kind
    assert isinstance(caught.value, (ValueError, TypeError, LookupError, RuntimeError))
    assert not autograd.is_recording() and not autograd.is_training()
    assert x.asnumpy().tolist() == [1, 2, 3]
    assert x.grad.asnumpy().tolist() == [7, 7, 7]
    with autograd.record():
        y = x * x
    y.backward()
    assert x.grad.asnumpy().tolist() == [2, 4, 6]


def test_an_out_of_another_engine_is_refused():
    others = [info.name for info in mx.list_backends() if info.usable and info.name != "numpy"]
    if not others:
        pytest.skip("needs a second engine")
    x, out = nd.array([0, 1]), nd.zeros(2).to(others[0])
    with pytest.raises(MixedBackendsError, match=f"'numpy', and out on '{others[0]}'"):
        nd.exp(x, out=out)
    assert out.backend.name == others[0]
    assert out.asnumpy().tolist() == [0, 0]


def test_what_a_lazy_backward_raises_reaches_the_caller():
    class Lazy(autograd.Function):
        def forward(self, x):
            return x * 2

        def backward(self, dy):
            raise_it = {}
            return (raise_it["boom"] for _ in range(1))

    x = nd.ones(2)
    x.attach_grad()
    with pytest.raises(KeyError, match="boom"):
        backward(lambda x: Lazy()(x))(x)


ONE, TWO, STEPS = nd.ones(1), nd.ones(2), nd.ones((3, 2))
UNREAD = {
    "FullyConnected bias": lambda: nd.FullyConnected(ONE.reshape((1, 1)), ONE.reshape((1, 1)), ONE, no_bias=True),
    "Convolution bias": lambda: nd.Convolution(nd.ones((1, 1, 3)), nd.ones((1, 1, 2)), ONE, no_bias=True),
    "Deconvolution bias": lambda: nd.Deconvolution(nd.ones((1, 1, 3)), nd.ones((1, 1, 2)), ONE, kernel=(2,)),
    "SequenceMask sequence_length": lambda: nd.SequenceMask(STEPS, TWO),
    "SequenceLast sequence_length": lambda: nd.SequenceLast(STEPS, TWO),
    "SequenceReverse sequence_length": lambda: nd.SequenceReverse(STEPS, TWO),
    "softmax length": lambda: nd.softmax(STEPS, nd.ones(3)),
    "log_softmax length": lambda: nd.log_softmax(STEPS, length=nd.ones(3)),
    "softmin length": lambda: nd.softmin(STEPS, length=nd.ones(3)),
    "LeakyReLU gamma": lambda: nd.LeakyReLU(STEPS, TWO),
    "ctc_loss data_lengths": lambda: nd.ctc_loss(nd.ones((3, 2, 2)), nd.ones((2, 1)), TWO),
    "ctc_loss label_lengths": lambda: nd.ctc_loss(nd.ones((3, 2, 2)), nd.ones((2, 1)), label_lengths=TWO),
    "RNN state_cell": lambda: nd.RNN(
        nd.ones((3, 1, 1)), nd.ones(4), nd.ones((1, 1, 1)), nd.ones((1, 1, 1)), state_size=1, mode="rnn_tanh"
    ),
    "RNN sequence_length": lambda: nd.RNN(
        nd.ones((3, 1, 1)), nd.ones(4), nd.ones((1, 1, 1)), sequence_length=ONE, state_size=1, mode="rnn_tanh"
    ),
    "BilinearResize2D like": lambda: nd.contrib.BilinearResize2D(nd.ones((1, 1, 2, 2)), nd.ones((1, 1, 3, 3)), 4, 4),
}


@pytest.mark.parametrize("name", UNREAD)
def test_an_input_that_the_flags_leave_unread_is_refused(name):
    function, argument = name.split()
    with pytest.raises(ArgumentTypeError, match=rf"{function}\(\) got '{argument}', which it would not read"):
        UNREAD[name]()


def test_an_image_is_cut_to_the_size_of_one_other():
    images = [nd.ones((1, 1, n, n)) for n in (4, 3, 2)]
    assert nd.Crop(*images[:2]).shape == (1, 1, 3, 3)
    with pytest.raises(ArgumentTypeError, match="not 3 arrays"):
        nd.Crop(*images)
