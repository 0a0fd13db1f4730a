"""What class I0 promises: NumPy's bits, of complex products and of zeros as far as IEEE 754 and the standard go."""

from types import SimpleNamespace

import numpy as np
import pytest

from tapegrad.ops.elementwise import add, maximum, multiply
from tapegrad.testing import accuracy
from tapegrad.testing.accuracy_classes import accuracy_class
from tapegrad.testing.checks import GradientError, Judge, engine
from tapegrad.testing.laws import Case
from tapegrad.testing.runs import as_target


def _op(function):
    return function.__tapegrad_op__


def _judge(function, arrays, change):
    """The verdict on bits where the engine's output is changed."""
    target = as_target(function, arrays, {}, arrays[0].dtype)
    case = Case(target, arrays[0].dtype, engine("numpy"))
    case.out = [change(x) for x in case.out]
    judge = Judge("it", arrays[0].dtype)
    accuracy.bitwise(case, judge)
    return judge.verdict()


def test_which_dtypes_have_bits():
    real, both = np.dtype("float32"), np.dtype("complex128")
    assert [accuracy_class(_op(f)).has_bits(d) for f in (add, multiply) for d in (real, both)] == [
        True,
        True,
        True,
        False,
    ]
    assert not accuracy_class(SimpleNamespace(accuracy="I1")).has_bits(real)


def test_one_bit_is_seen():
    x = np.asarray([1.0, -0.0, 3.0])
    _judge(add, [x, x], lambda out: out)
    with pytest.raises(GradientError, match="bits differ"):
        _judge(add, [x, x], lambda out: np.nextafter(out, 9))
    with pytest.raises(GradientError, match="bits differ"):
        _judge(add, [x, x], np.abs)


def test_of_two_zeros_either_may_be_the_larger_but_nothing_else():
    x, y = np.asarray([0.0, 2.0]), np.asarray([-0.0, 1.0])
    _judge(maximum, [x, y], lambda out: out * [-1, 1])
    with pytest.raises(GradientError, match="bits differ"):
        _judge(maximum, [x, y], lambda out: np.nextafter(out, 9))
    with pytest.raises(GradientError, match="bits differ"):
        _judge(maximum, [x, y], lambda out: out + [1e-3, 0])
