"""What a wrong argument raises: a type of `tapegrad.errors`, in words that name the thing."""

import pytest

import tapegrad.numpy as tnp
from tapegrad.errors import AxisError, ShapeError
from tapegrad.ops import shape

WRONG = [
    (lambda: shape.swapaxes(tnp.ones((3,)), axis1=0, axis2=2), AxisError, r"swapaxes\(\(3,\).*axis 2 is out of range"),
    (lambda: shape.stack(tnp.ones((3,)), axis=2), AxisError, r"stack\(\(3,\).*axis 2 is out of range"),
    (lambda: tnp.take(tnp.ones((3,)), [0], axis=1), AxisError, "axis 1 is out of"),
    (lambda: tnp.sum(tnp.ones((3,)), axis=1), AxisError, "axis 1 is out of"),
    (lambda: tnp.fft.fft(tnp.ones((3,)), axis=1), AxisError, r"fft\(\).*\(3,\) has no axis 1"),
    (lambda: tnp.linalg.vector_norm(tnp.ones((3,)), axis=1), AxisError, "1 axes has no axis 1"),
    (lambda: shape.tile(tnp.ones((3,)), repetitions=(-1,)), ShapeError, "tile.*cannot be negative"),
    (lambda: shape.rot90(tnp.ones((3, 3, 3)), axes=(0, 1, 2)), ShapeError, "rot90.*name two axes"),
    (lambda: shape.depth_to_space(tnp.ones((1, 4, 1, 1)), block_size=0), ShapeError, "block_size is 1 at least"),
    (lambda: shape.space_to_depth(tnp.ones((1, 4, 1, 1)), block_size=0), ShapeError, "block_size is 1 at least"),
]


@pytest.mark.parametrize(("call", "error", "words"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_argument_is_named(call, error, words):
    with pytest.raises(error, match=words) as caught:
        call()
    assert type(caught.value) is error
