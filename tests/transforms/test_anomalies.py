"""The first NaN or infinity is found where it is made: by the program, in the backward sweep, in the forward sweep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.errors import AnomalyError
from tapegrad.tape.sweep import WATCHERS

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
ZERO_ONE = np.asarray([0.0, 1.0])


def logarithm(x: Any) -> Any:
    """A sum whose logarithm is infinite at zero."""
    made_here = tnp.log(x)
    return tnp.sum(made_here)


def root(x: Any) -> Any:
    """A finite sum with an infinite slope at zero."""
    made_here = tnp.sqrt(x)
    return tnp.sum(made_here)


def root_of_a_product(x: Any) -> Any:
    """The same behind an op through which the gradient has to pass."""
    made_here = tnp.sqrt(x * 2.0)
    return tnp.sum(made_here)


@tapegrad.custom
def undefined(x: Any) -> Any:
    """A value that is no number."""
    return x * np.nan


undefined.defvjp(x=lambda g: g)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda: tapegrad.grad(logarithm)(ZERO_ONE), r"log\(\) made -inf at index \(0,\) of shape \(2,\) \(1 of 2"),
        (lambda: tapegrad.vmap(tapegrad.grad(logarithm))(ZERO_ONE), r"log\(\) made -inf at index \(0,\)"),
        (lambda: tapegrad.grad(tapegrad.checkpoint(logarithm))(ZERO_ONE), r"log\(\) made -inf"),
        (lambda: tapegrad.grad(root)(ZERO_ONE), r"reached a variable is inf at index \(0,\).*used by sqrt\(\)"),
        (lambda: tapegrad.grad(root_of_a_product)(ZERO_ONE), r"reached the result of multiply\(\) is inf"),
        (lambda: tapegrad.jvp(root, (ZERO_ONE,), (ZERO_ONE + 1,)), r"tangent of the result of sqrt\(\) is inf"),
    ],
)
def test_the_message_names_the_op_the_value_and_the_line(program: Any, words: str) -> None:
    with pytest.raises(AnomalyError, match=f"(?s){words}.*made_here = ") as caught, tapegrad.detect_anomaly():
        program()
    assert "core/tapegrad" not in str(caught.value)
    assert tapegrad.tape.mode.MODE.get() == 0


def test_rules_of_ones_own_are_looked_at() -> None:
    with pytest.raises(AnomalyError, match=r"undefined\(\) made nan"), tapegrad.detect_anomaly():
        tapegrad.grad(undefined)(1.0)


def test_a_graph_recorded_before_is_looked_at_too() -> None:
    """Its lines are not known any more."""
    x = tnp.asarray(ZERO_ONE)
    x.attach_grad()
    with tapegrad.record():
        y = root(x)
    with pytest.raises(AnomalyError, match="reached a variable is inf"), tapegrad.detect_anomaly():
        y.backward()
    assert x.grad.tolist() == [0, 0]


def test_a_move_between_engines_is_looked_at() -> None:
    with tapegrad.detect_anomaly():
        found = tapegrad.grad(lambda x: tnp.sum(x.to("numpy") * 2.0))(ZERO_ONE)
    assert found.tolist() == [2, 2]


def test_nothing_is_left_behind() -> None:
    """Neither hooks on the variable nor errors later on."""
    x = tnp.asarray(ZERO_ONE)
    x.attach_grad()
    before = len(WATCHERS)
    with tapegrad.detect_anomaly(), tapegrad.record():
        y = root(x)
    y.backward()
    assert x.grad.tolist() == [np.inf, 0.5]
    del y
    assert len(WATCHERS) == before
