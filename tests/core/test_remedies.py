"""Errors name the remedy that keeps the gradient, in the words of the library that the program was written for."""

import math
import pickle

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
import tapegrad.op
from tapegrad import gluon, nd, nn, optimizers, tree
from tapegrad.arrays.foreign import told
from tapegrad.errors import BackendError, DtypeError, GradientEscapeError, MixedBackendsError, ShapeError, TapegradError

ONE_TWO = np.asarray([1.0, 2.0])


def write_into_a_buffer(x):
    buffer = np.zeros(2)
    buffer[0] = x[0]
    return buffer


LOST = {
    "an element of a buffer": (write_into_a_buffer, r"write into tapegrad\.numpy\.zeros"),
    "a list": (lambda x: np.array([x[0], x[1]]), r"numpy\.stack"),
    "a buffer of NumPy's": (lambda x: np.zeros(2).__iadd__(x), r"tapegrad\.numpy\.asarray\(u\)"),
    "math": (lambda x: math.sin(x[0]), r"tapegrad\.numpy\.sin"),
    "item": (lambda x: x[0].item(), "keep it an array"),
    "SciPy": (lambda x: pytest.importorskip("scipy.linalg").solve(np.eye(2), x), "SCIPY_ARRAY_API=1"),
    "pandas": (lambda x: pytest.importorskip("pandas").DataFrame(np.eye(2)) @ x, r"df\.to_numpy\(\)"),
    "files": (pickle.dumps, r"outside of record\(\)"),
}


@pytest.mark.parametrize("name", LOST)
def test_a_gradient_about_to_be_lost(name):
    program, words = LOST[name]
    with pytest.raises(GradientEscapeError, match=rf"{words}.*detach\(\)"):
        tapegrad.grad(lambda x: tnp.sum(program(x)))(ONE_TWO)
    x = tnp.asarray(ONE_TWO)
    x.attach_grad()
    with pytest.raises(GradientEscapeError, match=words), tapegrad.record():
        program(x * 1)


@pytest.mark.parametrize("space", [tapegrad, tnp, tnp.linalg, tnp.random, nd, nd.contrib, tapegrad.random])
def test_a_module_says_what_to_use_for_a_name_of_another_library(space):
    with pytest.raises(AttributeError, match=rf"'{space.__name__}' has no attribute 'no_grad': \w.*tapegrad.pause"):
        space.no_grad  # noqa: B018
    with pytest.raises(AttributeError, match=rf"'{space.__name__}' has no attribute 'nothing'$"):
        space.nothing  # noqa: B018


def test_a_module_says_in_which_other_there_is_a_name():
    with pytest.raises(AttributeError, match=r"'tapegrad' has no attribute 'zeros_like': tapegrad\.numpy\.zeros_like$"):
        tapegrad.zeros_like  # noqa: B018
    for space in (nn, nn.initializers, optimizers, tree, gluon, gluon.nn, gluon.loss):
        with pytest.raises(AttributeError, match=rf"'{space.__name__}' has no attribute 'Linear': .*Dense"):
            space.Linear  # noqa: B018
    with pytest.raises(TypeError, match=r"view\(\) takes a dtype.*reshape"):
        tnp.asarray(ONE_TWO).view(2)


@pytest.mark.parametrize("x", [tnp.asarray(ONE_TWO), nd.array(ONE_TWO)])
def test_an_array_says_what_to_use_for_an_attribute_of_another_library(x):
    for name in ("requires_grad", "numpy", "cuda", "unsqueeze", "zero_grad"):
        with pytest.raises(AttributeError, match=rf"'{name}': \w"):
            getattr(x, name)
        assert name not in dir(x)
    assert {name for name in told("x") if hasattr(x, name)} <= {*dir(x)}
    assert not [name for name in dir(x) if name[0] == "_" != name[1]]


def test_an_attribute_that_is_set_and_a_function_that_is_no_method_say_what_to_use():
    x = tnp.asarray(ONE_TWO)
    with pytest.raises(AttributeError, match=r"'requires_grad': x\.attach_grad"):
        x.requires_grad = True
    with pytest.raises(AttributeError, match="each backward overwrites"):
        x.grad = None
    with pytest.raises(AttributeError, match=r"'arctan2': tapegrad\.numpy\.arctan2$"):
        x.arctan2  # noqa: B018
    with pytest.raises(AttributeError, match=r"'elemwise_add': tapegrad\.nd\.elemwise_add$"):
        nd.array(ONE_TWO).elemwise_add  # noqa: B018


def test_a_name_that_is_imported_says_it_as_well():
    with pytest.raises(ImportError, match=r"cannot import name 'Module' from 'tapegrad\.nn': .*gluon\.Block"):
        from tapegrad.nn import Module  # noqa: F401
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        from tapegrad.nn import nothing  # noqa: F401
    assert not hasattr(nn, "Module")


def test_the_words_are_those_for_the_module_that_was_asked():
    with pytest.raises(AttributeError, match=r"tapegrad\.nn' has no attribute 'functional': tapegrad\.nn$"):
        nn.functional  # noqa: B018
    with pytest.raises(AttributeError, match=r"'functional': transforms are in tapegrad"):
        tapegrad.functional  # noqa: B018


MATRIX = tnp.ones((2, 2))
ND = nd.ones((2, 2))
KEYWORDS = {
    "a reduction": (lambda: tnp.sum(MATRIX, dim=0), r"sum\(\) got an .* 'dim': here it is axis="),
    "a method": (lambda: MATRIX.sum(0, keepdim=True), "'keepdim': here it is keepdims="),
    "a function of networks": (lambda: nn.dropout(MATRIX, p=0.5), "here it is rate="),
    "an optimizer": (lambda: optimizers.adam(lr=0.1), "here it is learning_rate="),
    "a part of another optimizer": (lambda: optimizers.sgd(0.1, weight_decay=0.1), "adamw has it"),
    "a new array": (lambda: tnp.array([1.0], requires_grad=True), r"x\.attach_grad\(\) makes"),
    "a transform": (lambda: tapegrad.vmap(nn.relu, in_dims=0), "here it is in_axes="),
    "a layer": (lambda: gluon.nn.Dense(3, in_features=2), r"Dense\(\) .* here it is in_units="),
    "the other way round": (lambda: recorded(lambda: nd.concat(ND, ND, axis=0)), "here it is dim="),
    "an op": (lambda: recorded(lambda: nn.relu(MATRIX, inplace=True)), "the result is a new array"),
    "a method of programs": (lambda: recorded(lambda: ND.backward(create_graph=True)), "autograd.grad"),
    "in grad": (lambda: tapegrad.grad(lambda x: nd.sum(x, dim=0))(ND), "here it is axis="),
    "nobody's": (lambda: tnp.mean(MATRIX, speed=3), r"it takes .*axis=, dtype="),
    "of what has only places": (lambda: tnp.matmul(input=MATRIX, other=MATRIX), "it takes x, y$"),
}


def recorded(program):
    with tapegrad.record():
        program()


@pytest.mark.parametrize("name", KEYWORDS)
def test_a_keyword_of_another_library(name):
    program, words = KEYWORDS[name]
    with pytest.raises(TypeError, match=words):
        program()


def test_a_keyword_of_a_function_of_the_program_itself():
    def sum(x):
        return x

    for program in (lambda: recorded(lambda: sum(MATRIX, dim=0)), lambda: tapegrad.grad(sum)(1.0, dim=0)):
        with pytest.raises(TypeError, match=r"'dim'$"):
            program()


def test_blocks_and_functions_say_what_to_use_for_those_of_pytorch():
    class Net(gluon.Block):
        def __init__(self):
            super().__init__()
            self.children = [1]  # a program's own attribute

    net = Net()
    assert net.children == [1]
    with pytest.raises(AttributeError, match=r"'Net' object has no attribute 'parameters': net\.collect_params"):
        net.parameters()
    with pytest.raises(AttributeError, match=r"an instance is called"):
        tapegrad.autograd.Function.apply(ONE_TWO)


def test_a_decorator_of_ops_without_its_formulas_says_how_it_is_called():
    with pytest.raises(TypeError, match=r"@op is called, with a formula for each input: @op\(x=\.\.\.\)"):
        tapegrad.op.op(square)


def test_classes_are_integers_and_sequences_have_three_axes():
    with pytest.raises(DtypeError, match=r"classes are integers, labels.astype"):
        nn.cross_entropy(np.ones((2, 3)), np.ones(2))
    lstm = gluon.rnn.LSTM(4)
    lstm.initialize()
    with pytest.raises(ShapeError, match=r"LSTM: inputs of shape \(2, 3\); give three axes, TNC"):
        lstm(nd.ones((2, 3)))


def test_a_device_that_is_not_there_is_refused():
    for word in ("cuda", "cuda:0", "gpu"):
        with pytest.raises(BackendError, match=rf"'numpy' has no device {word}; choose one of cpu\(0\)"):
            tnp.ones(3).to(word)
    for make in (
        lambda device: tnp.zeros(3, device=device),
        lambda device: tnp.asarray([1.0], device=device),
        lambda device: tnp.linspace(0.0, 1.0, 3, device=device),
        lambda device: tnp.eye(2, device=device),
    ):
        with pytest.raises(BackendError, match=r"no device nonsense; choose one of cpu\(0\)"):
            make("nonsense")
        assert make("cpu(0)").device == "cpu(0)"


def test_a_failed_factorization_is_an_error_of_numpys():
    for fail in (
        lambda: tnp.linalg.cholesky(-np.eye(2)),
        lambda: tnp.linalg.inv(np.zeros((2, 2))),
        lambda: tnp.linalg.solve(np.zeros((2, 2)), np.ones(2)),
    ):
        with pytest.raises(np.linalg.LinAlgError) as caught:
            fail()
        assert isinstance(caught.value, TapegradError)
        assert isinstance(caught.value, ValueError)
    with pytest.raises(np.linalg.LinAlgError, match=r"derivative of qr\(\)"):  # which has two outputs
        tapegrad.grad(lambda a: tnp.sum(tnp.linalg.qr(a)[0]) + tnp.sum(tnp.linalg.qr(a)[1]))(np.zeros((2, 2)))


def test_two_contexts_are_named():
    with pytest.raises(MixedBackendsError, match=r"cpu\(0\) and cpu\(1\).*as_in_context"):
        nd.ones(2, ctx=tapegrad.cpu(0)) + nd.ones(2, ctx=tapegrad.cpu(1))


def test_shapes_of_a_product_that_do_not_go_together():
    with pytest.raises(tapegrad.errors.ShapeError, match=r"matmul\(\(2, 3\), \(2, 3\)\).*summed over"):
        tnp.ones((2, 3)) @ tnp.ones((2, 3))


def test_functions_of_integers_have_no_derivative():
    for transform in (tapegrad.grad, tapegrad.jacobian, tapegrad.jacfwd, tapegrad.elementwise_grad):
        with pytest.raises(tapegrad.errors.DtypeError, match="int64"):
            transform(lambda x: tnp.argmax(x))(ONE_TWO)


def square(x):
    """A function of a module, so that it can go to another process."""
    return tnp.sum(x * x)


@pytest.mark.parametrize(
    "name", ["grad", "value_and_grad", "hessian", "jacfwd", "elementwise_grad", "vmap", "checkpoint"]
)
def test_transformed_functions_go_to_other_processes(name):
    made = getattr(tapegrad, name)(square)
    again = pickle.loads(pickle.dumps(made))
    x = np.asarray([[1.0, 2.0], [3.0, 4.0]])
    assert repr(again(x)) == repr(made(x))
    assert made.__name__ == "square"


def test_methods_may_be_transformed():
    class Model:
        scale = 3.0

        @tapegrad.grad
        def slope(self, x):
            return self * x

        @tapegrad.vmap
        def scaled(x):
            return 3.0 * x

    assert Model.slope(3.0, 2.0) == 2.0
    assert Model.scaled(ONE_TWO).tolist() == [3, 6]


def test_what_numpys_arrays_have_besides():
    x = tnp.asarray([3.0, 1.0, 2.5])
    assert (x.nbytes, x.itemsize, x.strides, tnp.ones((2, 3)).strides) == (12, 4, (4,), (12, 4))
    assert [float(part) for part in tnp.asarray([[1.0], [2.0]]).flat] == [1, 2]
    assert round(x * 1.26, 1).tolist() == pytest.approx([3.8, 1.3, 3.2])
    assert pow(tnp.asarray([3, 4]), 2, 5).tolist() == [4, 1]
    x.sort()
    assert x.tolist() == [1, 2.5, 3]
    x.fill(7.0)
    assert x.view().tolist() == [7, 7, 7]
    with pytest.raises(ValueError, match="astype"):
        x.view("int32")

    def written(x):
        y = tnp.stack([x[1], x[0]])
        y.sort()
        return y[0] * 3.0 + round(x[0])

    assert tapegrad.grad(written)(ONE_TWO).tolist() == [3, 0]


@tapegrad.compile
def doubled(x):
    return 2 * x


@tapegrad.grad
def slope(x):
    return x * x


def test_what_a_decorator_made_of_a_function_goes_to_other_processes():
    assert pickle.loads(pickle.dumps(doubled)) is doubled
    assert pickle.loads(pickle.dumps(slope)) is slope
    again = pickle.loads(pickle.dumps(tapegrad.compile(square)))
    assert again(tnp.asarray(ONE_TWO)).item() == 5


@pytest.mark.parametrize(
    ("value", "words"),
    [((x for x in ONE_TWO), r"list\(a\)"), ({1.0, 2.0}, r"list\(a\)"), ({"a": 1.0}, r"list\(a\.values\(\)\)")],
    ids=["generator", "set", "dict"],
)
def test_what_is_no_array_says_how_it_becomes_one(value, words):
    with pytest.raises(tapegrad.errors.UnknownArrayError, match=words):
        tnp.asarray(value)
