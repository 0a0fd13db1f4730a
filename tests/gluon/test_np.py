"""The arrays of `mx.np`: what they are beside those of the other faces, in transforms, pickles and other programs."""

import json
import pickle
import subprocess
import sys

import numpy
import pytest

import tapegrad as mx
import tapegrad.numpy as tnp
from tapegrad import autograd, init, nd, np, npx
from tapegrad.gluon import nn


def test_arrays_of_both_faces_beside_them_become_theirs(backend):
    x = np.arange(2)
    for other in (nd.ones(2), tnp.ones(2)):
        for y in (x + other, other + x, np.concatenate([x, other])):
            assert type(y) is np.ndarray
    assert type(nd.softmax(x)) is type(np.delete(x, 0)) is type(np.linalg.norm(x)) is np.ndarray


@pytest.mark.parametrize("name", ["float32", "double", "bool_", "floating", "integer", "dtype", "errstate", "ndindex"])
def test_types_are_numpys_own(name):
    assert getattr(np, name) is getattr(numpy, name)


def test_gradients_reach_variables_of_every_face():
    x, y = nd.ones(2), np.arange(2)
    x.attach_grad()
    y.attach_grad()
    with autograd.record():
        z = x * y
    z.backward()
    assert type(x.grad) is nd.NDArray
    assert type(y.grad) is np.ndarray
    assert x.grad.asnumpy().tolist() == [0.0, 1.0]


def test_transforms_give_arrays_of_the_same_face():
    x = np.arange(3)
    gradient = mx.grad(lambda x: (npx.relu(x) ** 2).sum())(x)
    assert repr(gradient) == "array([0., 2., 4.])"
    assert repr(mx.vmap(lambda row: row.sum())(x.reshape(3, 1))) == "array([0., 1., 2.])"
    assert repr(mx.compile(lambda x: x * 2)(x)) == "array([0., 2., 4.])"
    assert repr(pickle.loads(pickle.dumps(x))) == "array([0., 1., 2.])"


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "bool"])
def test_a_dtype_is_printed_as_mxnet_prints_it(dtype):
    shown = repr(np.array([1, 0], dtype=dtype))
    assert ("dtype=" in shown) == (dtype not in ("float32", "bool"))
    assert str(np.array([1, 0], dtype=dtype)) == str(numpy.array([1, 0], dtype))


def test_the_switch_says_what_is_made_and_is_undone():
    with mx.util.np_array():
        assert type(nd.zeros(1)) is np.ndarray
        assert type(nd.ones(1).as_np_ndarray()) is np.ndarray
    assert type(nd.zeros(1)) is nd.NDArray
    assert type(nd.zeros(1).as_np_ndarray()) is tnp.ndarray


def test_many_draws_are_one_stream_of_numbers():
    mx.random.seed(3)
    whole = np.random.uniform(size=1000).asnumpy()
    mx.random.seed(3)
    parts = [np.random.uniform(size=n).asnumpy() for n in (1, 99, 900)]
    assert (whole == numpy.concatenate(parts)).all()
    mx.random.seed(3)
    odd = np.random.normal(size=3), np.random.normal(size=1)  # the fourth number of the pairs is dropped
    mx.random.seed(3)
    even = np.random.normal(size=6)
    assert (odd[0] == even[:3]).all()
    assert odd[1] == even[4]


def test_parameters_of_a_distribution_are_differentiated():
    scale = np.ones(3)
    scale.attach_grad()
    mx.random.seed(1)
    with autograd.record():
        x = np.random.normal(0, scale)
    x.backward()
    assert (scale.grad == x).all()


def test_normal_vectors_have_their_covariances():
    factor, mean = np.array([[2, 0], [0.5, 1]]), np.array([[1, 2], [3, 4]])
    mx.random.seed(1)
    x = np.random.multivariate_normal(mean, factor @ factor.T, size=3)
    mx.random.seed(1)
    numpy.testing.assert_allclose(x, mean + np.random.normal(size=(3, 2, 2)) @ factor.T, rtol=1e-6)
    with pytest.raises(mx.errors.ArgumentError, match="leave them out"):
        np.random.multivariate_normal(mean, factor, check_valid="warn")


def test_programs_that_say_mxnet_have_it(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("from mxnet import np, npx\nnpx.set_np()\nprint(repr(npx.relu(np.ones(1))))", encoding="utf-8")
    command = [sys.executable, "-m", "tapegrad", "mxnet", script]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "array([1.])\n"


def test_one_number_is_written_to_an_element_whatever_its_axes():
    x = np.zeros((2, 2))
    x[1, 0] = np.ones((1, 1, 1))
    x[0] = [[3]]
    x[1, 1] = np.ones(1).asnumpy()
    assert x.tolist() == [[3, 3], [1, 1]]


def test_a_length_that_is_not_known_is_a_different_number_in_each_edition():
    layer = nn.Dense(3)
    assert layer.weight.shape == (3, 0) and repr(layer) == "Dense(None -> 3, linear)"
    npx.set_np()
    assert layer.weight.shape == (3, -1) and repr(layer) == "Dense(-1 -> 3, linear)"
    layer.initialize()
    layer(np.ones((1, 2)))
    assert layer.weight.shape == (3, 2)


def test_a_table_is_read_from_text():
    table = np.genfromtxt(["1,2", "3,4"], delimiter=",", dtype=np.float32)
    assert type(table) is np.ndarray and table.dtype == numpy.float32 and table.tolist() == [[1, 2], [3, 4]]


def test_axes_may_be_listed():
    x = np.arange(6).reshape(1, 2, 3)
    assert x.sum(axis=[0, 1]).tolist() == np.sum(x, axis=[0, 1]).tolist() == [3, 5, 7]
    assert x.mean([1, 2], keepdims=True).shape == (1, 1, 1) and x.max(axis=[0]).shape == (2, 3)
    assert np.sum(x, [0, 1]).tolist() == [3, 5, 7] and np.linalg.norm(x[0], None, [0, 1]).shape == ()
    assert (x > 0).all([0, 2]).tolist() == np.all(x > 0, [0, 2]).tolist() == [False, True]
    assert np.concatenate([x, [[[0, 0, 0]]]], 1).shape == (1, 3, 3)


def test_floats_may_be_indices():
    x, places = np.arange(6).reshape(2, 3), np.array([0, 2])
    assert x[:, places].tolist() == np.take(x, places, axis=1).tolist() == x.take(indices=places, axis=1).tolist()
    assert np.take(x, places, 1, mode="wrap").tolist() == [[0, 2], [3, 5]]
    assert np.delete(x[0], places).tolist() == [1] and np.insert(x[0], np.array([1]), 9).tolist() == [0, 9, 1, 2]


@pytest.mark.parametrize(
    ("shape", "codes", "made"),
    [
        ((2, 3, 8), (-2, -2, 2, -1), (2, 3, 2, 4)),
        ((8, 3, 3, 4), (-6, 2, -1, -4), (2, 4, 3, 3, 4)),
        ((8, 3, 4), (-5, -4), (24, 4)),
        ((8, 1, 1, 3), (-2, -3, -3, -2), (8, 3)),
        ((2, 3), -1, (6,)),
        ((2, 0), (0, 5), (0, 5)),
    ],
)
def test_codes_of_shapes_are_those_of_npx(shape, codes, made):
    assert npx.reshape(np.ones(shape), codes).shape == made


def test_codes_of_shapes_are_read_from_the_right_and_refused_where_they_do_not_fit():
    assert npx.reshape(np.ones((8, 3, 2, 4, 8)), (-4, -1, 2, -6), reverse=True).shape == (8, 3, 2, 4, 4, 2)
    for codes, words in (((-3, -4), "drops an axis of length 1, not 2"), ((-7,), "codes -1, -2, -3, -4, -5 and -6")):
        with pytest.raises(mx.errors.ShapeError, match=words):
            npx.reshape(np.ones((2, 3)), codes)


def test_eigenvalues_are_real_where_they_can_be():
    values, vectors = np.linalg.eig(np.array([[2.0, 1.0], [2.0, 3.0]]))
    assert values.dtype == vectors.dtype == "float32"
    assert sorted(values.asnumpy().round(4).tolist()) == [1.0, 4.0]
    assert np.linalg.eigvals(np.array([[0.0, -1.0], [1.0, 0.0]])).dtype == "complex64"


@pytest.mark.parametrize(
    ("call", "slope"),
    [
        (lambda x: numpy.sqrt(2.0) * x, 2**0.5),
        (lambda x: numpy.float64(3) - x, -1),
        (lambda x: numpy.exp(x), 2.718282),
        (lambda x: numpy.maximum(x, numpy.float64(0.5)), 1),
        (lambda x: numpy.concatenate([x, x]), 2),
        (lambda x: numpy.sum(x), 1),
    ],
)
def test_numbers_and_functions_of_numpy_are_those_of_the_face(call, slope):
    x = np.ones(2)
    x.attach_grad()
    with autograd.record():
        y = call(x)
    assert type(y) is np.ndarray
    assert y.dtype == "float32"
    y.backward()
    numpy.testing.assert_allclose(x.grad.asnumpy(), slope, rtol=1e-6)


def test_a_ufunc_of_numbers_alone_gives_a_number_and_takes_its_out_by_place():
    assert isinstance(np.sqrt(4), float)
    assert (np.log(1e-300), np.maximum(2, 3), np.isnan(1.0)) == (numpy.log(1e-300), 3, False)
    assert (np.ones(2, dtype="float16") * np.sqrt(2)).dtype == "float16"
    assert json.loads(init.Normal(np.sqrt(0.01)).dumps()) == ["normal", {"sigma": 0.1}]
    given = np.zeros(2)
    assert np.add(np.ones(2), 1, given) is given
    assert given.tolist() == [2, 2]


def test_norms_are_told_infinity_in_words_too():
    assert np.linalg.norm(np.array([3, -4]), "inf") == np.linalg.norm(np.array([3, -4]), ord=numpy.inf) == 4
    assert np.linalg.norm(np.array([3, -4]), ord="-inf") == 3
    assert np.linalg.norm(np.eye(2), "fro") == numpy.float32(2**0.5)


def test_a_long_array_is_printed_without_its_shape():
    assert repr(np.arange(1001)) == "array([   0.,    1.,    2., ...,  998.,  999., 1000.])"
    assert repr(np.zeros((2, 0))) == "array([], shape=(2, 0))"


def test_who_seeds_one_stream_is_told_what_seeds_all():
    with pytest.raises(AttributeError, match=r"tapegrad\.random\.seed\(0\)"):
        _ = np.random.seed
