"""What a wrong argument raises: a type of `tapegrad.errors`, in words that name the thing."""

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.errors import ArgumentError, ArgumentTypeError, AxisError, DtypeError, ShapeError, UnknownArrayError
from tapegrad.ops import contraction, indexing, linalg, nn, shape

PAIR, TRIPLE = [tnp.ones((2, 2))] * 2, [tnp.ones((2, 2))] * 3

WRONG = [
    (lambda: shape.swapaxes(tnp.ones((3,)), axis1=0, axis2=2), AxisError, r"swapaxes\(\(3,\).*axis 2 is out of range"),
    (lambda: shape.stack(tnp.ones((3,)), axis=2), AxisError, r"stack\(\(3,\).*axis 2 is out of range"),
    (lambda: tnp.take(tnp.ones((3,)), [0], axis=1), AxisError, "axis 1 is out of"),
    (lambda: tnp.sum(tnp.ones((3,)), axis=1), AxisError, "axis 1 is out of"),
    (lambda: tnp.fft.fft(tnp.ones((3,)), axis=1), AxisError, r"fft\(\).*\(3,\) has no axis 1"),
    (lambda: tnp.linalg.vector_norm(tnp.ones((3,)), axis=1), AxisError, "1 axes has no axis 1"),
    (lambda: shape.tile(tnp.ones((3,)), repetitions=(-1,)), ShapeError, "tile.*cannot be negative"),
    (lambda: shape.rot90(tnp.ones((3, 3, 3)), axes=(0, 1, 2)), ShapeError, "rot90.*name two axes"),
    (lambda: shape.depth_to_space(tnp.ones((1, 4, 1, 1)), block_size=0), ShapeError, "block_size is at least 1"),
    (lambda: shape.space_to_depth(tnp.ones((1, 4, 1, 1)), block_size=0), ShapeError, "block_size is at least 1"),
    (lambda: indexing.gather_nd(tnp.ones((3,)), tnp.asarray(0)), ShapeError, "gather_nd.*need an axis"),
    (lambda: indexing.scatter_nd(tnp.ones((3,)), tnp.asarray(0), shape=(2,)), ShapeError, "scatter_nd.*need an axis"),
    (lambda: indexing.one_hot(tnp.asarray([0, 1]), depth=-2), ShapeError, "one_hot.*depth is at least 0"),
    (lambda: contraction.vecdot(tnp.ones((3,)), tnp.ones((3,)), axis=1), AxisError, r"axis 1 is not.*\(3,\)"),
    (lambda: contraction.tensordot(tnp.ones((3, 4)), tnp.ones((3, 4)), axes=1), ShapeError, "axis 1.*differ in length"),
    (lambda: contraction.contract(*PAIR, labels=("ijk", "ij", "i")), ShapeError, "contract.*not one an axis"),
    (lambda: contraction.einsum(PAIR[0], [0, 99], [0]), ArgumentError, "99 is not a label.*from 0 to 51"),
    (lambda: contraction.einsum("ij,jk,kl", *TRIPLE, optimize="best"), ArgumentError, "'best'.*valid options are"),
    (lambda: contraction.einsum("ij,jk", *PAIR, optimize=[(0, 5)]), ArgumentError, r"\(0, 5\) .*there are 2"),
    (
        lambda: contraction.einsum("ij,jk", *PAIR, optimize=[(0, 0)]),
        ArgumentError,
        r"\(0, 0\) .*there are 2, each once",
    ),
    (lambda: contraction.einsum("ij,jk,kl", *TRIPLE, optimize=[(0, 1)]), ArgumentError, "leaves 2 pieces of 3"),
    (lambda: linalg.cross(tnp.ones((3,)), tnp.ones((3,)), axis=1), AxisError, r"cross.*axis 1 of shapes \(3,\)"),
    (lambda: tnp.linalg.matrix_power(PAIR[0], 1.5), ArgumentTypeError, "power is 1.5; it must be an integer"),
    (lambda: tnp.linalg.multi_dot([*PAIR, tnp.ones((3, 2))]), ShapeError, r"multi_dot.*\(3, 2\): the columns of each"),
    (lambda: tnp.linalg.vector_norm(tnp.ones((3,)), ord="fro"), ArgumentError, "vector_norm.*ord is 'fro'.*choose one"),
    (lambda: tnp.mean(tnp.ones((3,)), axis=1), AxisError, "mean.*axis 1 is out of"),
    (lambda: tnp.max(tnp.ones((3,)), axis=1, initial=0.0), AxisError, "axis 1 is out of"),
    (lambda: tnp.trapezoid(tnp.ones((3,)), axis=1), AxisError, "trapezoid.*axis 1 is out of"),
    (lambda: tnp.trapezoid(tnp.ones((2, 2)), [1.0, 2.0, 3.0]), ShapeError, r"trapezoid: points of shape \(3,\)"),
    (lambda: tnp.average(tnp.ones((2, 2)), 0, [1.0, 2.0, 3.0]), ShapeError, r"average.*weights of shape \(3,\)"),
    (lambda: tnp.bincount([0.5]), DtypeError, "bincount.*not float32"),
    (lambda: tnp.bincount([-1]), ArgumentError, "bincount: -1 is below 0"),
    (lambda: tnp.bincount([0, 1], [1.0]), ShapeError, r"bincount: weights of shape \(1,\)"),
    (lambda: tnp.searchsorted([1.0], [1.0], side="up"), ArgumentError, "searchsorted: side is 'up'; choose"),
    (lambda: tnp.searchsorted([[1.0]], [1.0]), ShapeError, "searchsorted.*one axis"),
    (lambda: tnp.nonzero(3), ShapeError, "nonzero.*reshape"),
    (lambda: tnp.cumulative_sum(tnp.ones((2, 2))), ShapeError, "cumulative_sum.*choose one"),
    (lambda: tnp.argmax(tnp.ones((0,))), ShapeError, "argmax.*empty"),
    (lambda: tnp.take([1.0, 2.0], [0.5]), DtypeError, "take.*float32"),
    (lambda: tnp.lexsort([[1, 2], [1, 2, 3]]), ShapeError, r"lexsort.*\(2,\), \(3,\)"),
    (lambda: tnp.gcd([1, 2], [1, 2, 3]), ShapeError, r"gcd.*\(2,\) and \(3,\)"),
    (lambda: tnp.gcd([1.5], 2), DtypeError, "gcd.*not float32"),
    (lambda: tnp.ldexp(1.0, 2.5), DtypeError, "ldexp.*whole exponents, not float32"),
    (lambda: tnp.frexp(1j), DtypeError, r"frexp\(\) is a function of real numbers"),
    (lambda: tnp.special.polygamma(1.5, 1.0), ArgumentError, "polygamma: n is 1.5; choose"),
    (lambda: tnp.special.entr(1j), DtypeError, r"entr\(\) is a function of real numbers"),
    (lambda: tnp.fft.fftn(PAIR[0], s=2), ArgumentTypeError, r"fftn\(\): s is 2; it must be a tuple, \(2,\)"),
    (lambda: tnp.fft.fftn(PAIR[0], axes=(0, 2)), AxisError, r"fftn.*not have all of the axes \(0, 2\)"),
    (lambda: tnp.fft.fftn(PAIR[0], s=(2, 2, 2)), ShapeError, "3 lengths for 2 axes"),
    (lambda: tnp.fft.fftshift(PAIR[0], axes=2), AxisError, "axis 2 is out of range"),
    (lambda: tnp.fft.ihfft(tnp.asarray([1j])), DtypeError, "ihfft.*real numbers"),
    (lambda: tnp.fft.rfftn(tnp.asarray([1j])), DtypeError, "rfftn.*real numbers"),
    (lambda: tnp.fft.fftfreq(0), ArgumentError, "0 samples"),
    (lambda: tnp.fft.rfftfreq(4, d=0), ArgumentError, "0 apart"),
    (lambda: nn.patches(tnp.ones((3,)), kernel=(2, 2)), ShapeError, "patches.*not have the same number of axes"),
    (lambda: nn.patches(tnp.ones((3,)), kernel=(0,)), ShapeError, "patches.*a window of 0"),
    (lambda: nn.patches(tnp.ones((3,)), kernel=(1,), pad=(-1,)), ShapeError, "patches.*cut off with a slice"),
    (lambda: nn.overlap_add(tnp.ones((3,)), shape=(5,)), ShapeError, "overlap_add.*not two axes for each"),
    (lambda: nn.max_pool(tnp.ones((2, 3)), kernel=(2, 2, 2)), ShapeError, "max_pool.*the same number of axes"),
    (
        lambda: nn.convolution_weight(tnp.ones((2, 3, 5)), tnp.ones((2, 4, 4)), kernel=(2,), groups=2),
        ShapeError,
        "3 and 4 channels do not fall into 2 groups",
    ),
    (lambda: nn.convolution(tnp.ones((2, 3, 5)), tnp.ones((4, 3, 2)), groups=0), ShapeError, "in 0 groups"),
    (lambda: nn.lp_pool(tnp.ones((3,)), kernel=(1,), p=0), ArgumentError, "lp_pool.*p is 0"),
    (lambda: nn.dropout(tnp.ones((3,)), tnp.ones((3,)) > 0, rate=1.0), ArgumentError, "dropout.*rate is 1.0"),
    (lambda: nn.softmax(tnp.asarray([1j])), DtypeError, "softmax.*real numbers"),
    (lambda: nn.max_pool(tnp.asarray([1j]), kernel=(1,)), DtypeError, "max_pool.*real numbers"),
    (lambda: nn.softmax(tnp.asarray(1.0), axis=-1), AxisError, "softmax.*axis -1"),
    (lambda: nn.log_softmax(tnp.asarray(1.0), axis=0), AxisError, "log_softmax.*axis 0"),
    (lambda: tnp.from_dlpack([1]), UnknownArrayError, "builtins.list"),
    (lambda: tnp.zeros(1.5), ArgumentTypeError, "a shape is made of integers; 1.5 is not"),
    (lambda: tnp.zeros((2, 1.5)), ArgumentTypeError, r"a shape is made of integers; \(2, 1.5\) is not"),
    (lambda: tnp.arange(1, 2, 0), ArgumentError, "arange: the step is 0"),
    (lambda: tnp.random.exponential(0.0), ArgumentError, "scale must be more than 0"),
    (lambda: tnp.random.permutation(1.5), ShapeError, "permutation takes an integer or an array"),
    (lambda: tnp.swapaxes(PAIR[0], 0, 5), AxisError, "axis 5 is out of"),
    (lambda: tnp.size(PAIR[0], 5), AxisError, "axis 5 is out of"),
    (lambda: tnp.dsplit(PAIR[0], 1), AxisError, "axis 2 is out of"),
    (lambda: tnp.array_split(PAIR[0], 0), ArgumentError, "cannot split into 0 parts"),
    (lambda: tnp.split(PAIR[0], [0.5]), TypeError, "integer"),
    (lambda: tnp.repeat(PAIR[0], 1.5), ArgumentTypeError, "repeats is 1.5"),
    (lambda: tnp.convolve([], [1.0]), ShapeError, r"convolve.*not shapes \(0,\) and \(1,\)"),
    (lambda: tnp.interp(0.5, [0.0, 1.0], [1.0, 2.0, 3.0]), ShapeError, r"interp.*\(2,\) and \(3,\)"),
    (lambda: tnp.insert([1, 2], 0, 9, axis=1), AxisError, "axis 1 is out of"),
    (lambda: tnp.delete([1, 2], 0, axis=1), AxisError, "axis 1 is out of"),
    (lambda: tnp.block([[PAIR[0]], []]), ArgumentError, "block: one of the lists is empty"),
    (lambda: tnp.resize([], (2,)), ShapeError, r"resize: 0 elements.*\(2,\)"),
    (lambda: tnp.resize([1], (-2,)), ShapeError, r"resize: 1 elements.*\(-2,\)"),
]


@pytest.mark.parametrize(("call", "error", "words"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_argument_is_named(call, error, words):
    with pytest.raises(error, match=words) as caught:
        call()
    assert type(caught.value) is error


def test_steps_of_the_trapezoidal_rule_are_numbers_or_arrays_and_are_differentiated():
    y = tnp.asarray([[1.0, 2.0, 4.0], [0.0, 1.0, 3.0]])
    assert tnp.trapezoid(y, dx=2.0).tolist() == tnp.trapezoid(y, dx=tnp.asarray(2.0)).tolist() == [9.0, 5.0]
    assert tnp.trapezoid(y, dx=[2.0, 2.0]).tolist() == [9.0, 5.0]
    assert tapegrad.grad(lambda dx: tnp.trapezoid(y[0], dx=dx))(tnp.asarray([2.0, 3.0])).tolist() == [1.5, 3.0]
    assert tapegrad.grad(lambda dx: tnp.trapezoid(y[0], dx=dx))(tnp.asarray(2.0)).item() == 4.5


def test_the_entropy_of_nothing_is_no_negative_zero():
    assert not tnp.signbit(tnp.special.entr(tnp.asarray([0.0])))[0]


def test_what_does_not_broadcast_is_not_equivalent():
    assert tnp.array_equiv([1, 1], 1)
    assert not tnp.array_equiv([1, 1], [1, 1, 1])


def test_pieces_between_places_that_fall_back_are_slices():
    x = np.arange(5.0)
    for places in ([3, 1], [-2, 7], [0, 0]):
        ours, theirs = tnp.split(tnp.asarray(x), places), np.split(x, places)
        assert [part.asnumpy().tolist() for part in ours] == [part.tolist() for part in theirs]
