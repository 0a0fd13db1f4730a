"""What goes wrong is said in words that name the thing, the choices and the remedy."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.arrays.entering import as_array
from tapegrad.engines.tables import RECORDED
from tapegrad.errors import (
    DtypeError,
    DynamicShapeError,
    GradientEscapeError,
    GraphError,
    GraphFreedError,
    NoGradientError,
    ShapeError,
)

ONE_TWO = np.asarray([1.0, 2.0])


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: tapegrad.grad(lambda x: x * 2)(ONE_TWO), ShapeError, r"scalar.*\(2,\).*vjp or jacobian"),
        (lambda: tapegrad.grad(lambda x: (x[0], x[1]))(ONE_TWO), TypeError, "one scalar.*has_aux"),
        (lambda: tapegrad.vmap(lambda x: "a")(ONE_TWO), TypeError, "vmap: the function returned a str"),
        (lambda: tapegrad.hvp(lambda x: x)(ONE_TWO), TypeError, "hvp: give.*then the vector, not 1 argument"),
        (lambda: tapegrad.tape_summary(3), TypeError, "tape_summary needs a tapegrad.Array, not an int"),
        (lambda: tapegrad.grad(lambda x: x)(3), DtypeError, "integer|int64"),
        (lambda: tapegrad.grad(lambda x: x)(np.arange(3)), DtypeError, "convert it to a float"),
        (lambda: tapegrad.grad(lambda x: x, 1)(3.0), ValueError, "argnums 1 is out of range for 1"),
        (lambda: tapegrad.grad(lambda x: tnp.argmax(x))(ONE_TWO), DtypeError, "int64; integers and booleans"),
        (lambda: tapegrad.vjp(lambda x: tnp.argmax(x), ONE_TWO), DtypeError, "vjp.*int64, and integers and booleans"),
        (lambda: tapegrad.jvp(lambda x: x > 1, (ONE_TWO,), (ONE_TWO,)), DtypeError, "jvp.*bool, and integers"),
        (
            lambda: tapegrad.linearize(lambda x: x.astype("int64"), ONE_TWO),
            DtypeError,
            "linearize.*int64, and integers",
        ),
        (lambda: tnp.zeros((2, -1)), ShapeError, r"no negative lengths: \(2, -1\)"),
        (lambda: tapegrad.grad(lambda x: x)("text"), TypeError, "argument 0"),
        (lambda: tapegrad.grad(lambda x: x * 1j)(np.float64(2.0)), DtypeError, "real floating.*vjp"),
        (lambda: tapegrad.vjp(lambda x: x * 2, ONE_TWO)[1](np.ones(3)), ShapeError, r"\(3,\).*\(2,\)"),
        (lambda: tapegrad.vjp(lambda x: x * 2, ONE_TWO)[1](np.ones(2, "f4")), DtypeError, "float32.*float64"),
        (lambda: tapegrad.jvp(lambda x: x, (ONE_TWO,), (np.ones(3),)), ShapeError, r"\(3,\).*\(2,\)"),
        (lambda: tapegrad.jvp(lambda x: x, (ONE_TWO,), ()), TypeError, "as many tangents"),
        (lambda: tapegrad.vmap(lambda x, y: x)(ONE_TWO, np.ones(3)), ValueError, "2 in argument 0, 3 in argument 1"),
        (lambda: tapegrad.vmap(lambda x: x)(np.float64(1.0)), ValueError, "axis 0.*argument 0"),
        (lambda: tapegrad.vmap(lambda x: x, in_axes=None)(ONE_TWO), ValueError, "no argument is batched"),
        (lambda: tapegrad.vmap(lambda x: x, in_axes=(0, 0))(ONE_TWO), ValueError, "2 entries for 1"),
        (lambda: tapegrad.vmap(lambda x: 1.0 if x > 0 else x)(ONE_TWO), TypeError, "vmap.*tapegrad.where|where"),
        (lambda: tapegrad.vmap(lambda x: float(x))(ONE_TWO), TypeError, "vmap"),
        (lambda: tapegrad.grad(lambda x: float(x) * x)(2.0), GradientEscapeError, "detach"),
    ],
)
def test_words(call: Any, kind: type[Exception], words: str) -> None:
    """Each misuse is one typed error."""
    with pytest.raises(kind, match=words):
        call()
    assert tapegrad.tape.mode.MODE.get() == 0


def test_independent_outputs_have_zero_gradients() -> None:
    """As in JAX, a function that ignores its argument has the gradient zero."""
    np.testing.assert_array_equal(tapegrad.grad(lambda x: 3.0)(ONE_TWO), [0, 0])
    np.testing.assert_array_equal(tapegrad.jacobian(lambda x: np.ones(3))(ONE_TWO), np.zeros((3, 2)))
    assert tapegrad.jvp(lambda x: 3.0, (1.0,), (1.0,)) == (3.0, 0.0)


def test_a_freed_tape_says_so() -> None:
    """The second backward, in words that name retain_graph."""
    x = as_array(ONE_TWO)
    x.attach_grad()
    with tapegrad.record():
        y = x * x
    y.backward()
    with pytest.raises(GraphFreedError, match="retain_graph"):
        y.backward()


def test_custom_rules_are_checked() -> None:
    """Unknown names at definition; wrong counts and shapes in the sweep; a missing rule at the call."""
    twice = tapegrad.custom(lambda x: x * 2)
    with pytest.raises(TypeError, match="asks for"):
        twice.defvjp(x=lambda g, z: g)
    with pytest.raises(TypeError, match="no input 'y'"):
        twice.defvjp(y=lambda g: g)
    with pytest.raises(NoGradientError, match="no rule for"):
        tapegrad.grad(twice)(1.0)
    twice.defvjp(x=lambda g: RECORDED.stack(g, g, axis=0))
    with pytest.raises(ShapeError, match=r"shape \(2,\), not \(\)"):
        tapegrad.grad(twice)(1.0)
    pair = tapegrad.custom(lambda x, y: x * y).defvjp(lambda x, y: (x * y, ()), lambda kept, g: (g,))
    with pytest.raises(TypeError, match=r"1 cotangent.*2 argument"):
        tapegrad.grad(pair)(1.0, tapegrad.arrays.entering.as_array(1.0))


def test_writes_that_would_leak() -> None:
    """Under vmap they raise and put the old value back; under a gradient the handle is left untracked."""
    buffer = as_array(np.zeros(2))

    def writes(x: Any) -> Any:
        buffer[0:1] = x[0:1]
        return x[0] * x[1]

    with pytest.raises(TypeError, match="from outside"):
        tapegrad.vmap(writes)(np.ones((3, 2)))
    assert buffer.asnumpy().tolist() == [0, 0]
    with pytest.raises(GraphError, match="checkpoint"):
        tapegrad.grad(tapegrad.checkpoint(writes))(ONE_TWO)
    tapegrad.grad(writes)(ONE_TWO)
    assert buffer.asnumpy().tolist() == [1, 0] and buffer._node is None


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: tapegrad.grad(3.0), TypeError, "grad takes a function, not a float"),
        (lambda: tapegrad.vmap(ONE_TWO), TypeError, "vmap takes a function, not an ndarray"),
        (lambda: tapegrad.checkpoint(None), TypeError, "checkpoint takes a function"),
        (lambda: tapegrad.grad(lambda x: x, "x"), TypeError, "argnums is an int or a tuple"),
        (lambda: tapegrad.grad(np.sum, ONE_TWO), TypeError, "argnums is an int.*call what grad returns with the arg"),
        (lambda: tapegrad.value_and_grad(3), TypeError, "value_and_grad takes a function, not an int"),
        (lambda: tapegrad.jacfwd(np.sin, 1.0), TypeError, "jacfwd: argnums is an int"),
        (lambda: tapegrad.hvp(np.sum, ONE_TWO), TypeError, "hvp: argnums is an int.*call what hvp returns"),
        (lambda: tapegrad.jacobian(lambda x: None)(1.0), TypeError, "jacobian: the function returned None; is its"),
        (lambda: tapegrad.jvp(lambda x: None, (1.0,), (1.0,)), TypeError, "jvp: the function returned None"),
        (lambda: tapegrad.cond(ONE_TWO, abs, abs, 1.0), ValueError, r"cond: the condition has shape \(2,\).*where"),
        (lambda: tapegrad.cond(True, 1.0, 2.0), TypeError, "cond: true_fun is a function, not a float"),
        (lambda: tapegrad.while_loop(lambda x: x > 0, np.sin, ONE_TWO), ValueError, "while_loop: the condition has"),
        (lambda: tapegrad.while_loop(np.any, None, 0.0), TypeError, "while_loop: body_fun is a function, not None"),
        (lambda: tapegrad.fori_loop(0, 2.5, max, 0.0), TypeError, "fori_loop: upper is 2.5; it is a whole number"),
        (lambda: tapegrad.fori_loop(0, tnp.ones(()), max, 0.0), TypeError, "fori_loop: upper is Array"),
        (lambda: tapegrad.scan(3, 0.0, ONE_TWO), TypeError, "scan: f is a function, not an int"),
        (lambda: tapegrad.grad(lambda x: x, (0, 0))(1.0), ValueError, "names an argument twice"),
        (lambda: tapegrad.grad(lambda x: x)(x=1.0), ValueError, "by keyword are not differentiated"),
        (lambda: tapegrad.grad(lambda x: None)(1.0), TypeError, "returned None; is its `return` missing"),
        (lambda: tapegrad.hvp(RECORDED.sum)(ONE_TWO), TypeError, "hvp.*and then the vector"),
        (lambda: tapegrad.hvp(RECORDED.sum)(ONE_TWO, np.ones(3)), ShapeError, r"hvp: a vector.*\(3,\).*\(2,\)"),
        (lambda: tapegrad.hvp(RECORDED.sum, (0,))(ONE_TWO, ONE_TWO), TypeError, "hvp: argnums is an int"),
        (lambda: tapegrad.vmap(lambda x: x, out_axes=None)(ONE_TWO), ValueError, "differs within the batch"),
        (lambda: tapegrad.vmap(lambda x: x, out_axes=1)(ONE_TWO), ValueError, "axis 1 in out_axes.*result 0"),
        (
            lambda: tapegrad.vmap(lambda d: d["a"], in_axes=({"b": 0},))({"a": ONE_TWO}),
            ValueError,
            r"vmap: axes \{'b': 0\} are no prefix",
        ),
        (lambda: tapegrad.vmap(lambda x: x if x > 0 else -x)(ONE_TWO), TypeError, r"bool\(\).*tapegrad\.where"),
        (lambda: tapegrad.vmap(float)(ONE_TWO), TypeError, r"float\(\).*tapegrad\.where"),
        (lambda: tapegrad.vmap(lambda x: x[x > 1])(np.ones((2, 2))), DynamicShapeError, "under vmap"),
    ],
)
def test_more_words(call: Any, kind: type[Exception], words: str) -> None:
    """Each misuse is one typed error, and leaves no state behind."""
    with pytest.raises(kind, match=words):
        call()
    assert tapegrad.tape.mode.MODE.get() == 0 and not tapegrad.transforms.draws.BATCHES.get()


def test_a_tape_freed_by_another_thread_says_so() -> None:
    """In whatever way it is used again: swept, looked at, or gone on from."""
    x = as_array(ONE_TWO)
    x.attach_grad()
    with tapegrad.record():
        y = x * x
    thread = threading.Thread(target=y.backward)
    thread.start()
    thread.join()
    with tapegrad.record():
        z = y * 2
    for use in (y.backward, z.backward, lambda: tapegrad.tape_summary(y), lambda: tapegrad.draw(z)):
        with pytest.raises(GraphFreedError, match="retain_graph"):
            use()


def test_rules_and_hooks_return_arrays() -> None:
    """What they return instead is named, with the rule that did."""

    def gradient(**rules: Any) -> Any:
        twice = tapegrad.custom(lambda x: x * 2)
        twice.__name__ = "twice"
        if "fwd" in rules:
            return tapegrad.grad(twice.defvjp(rules["fwd"], rules["bwd"]))(1.0)
        return tapegrad.grad(twice.defvjp(**rules))(np.float32(1.0))

    with pytest.raises(TypeError, match=r"rule of twice.*input 0.*str"):
        gradient(x=lambda g: "text")
    with pytest.raises(DtypeError, match=r"rule of twice.*input 0.*float64.*float32"):
        gradient(x=lambda g: RECORDED.astype(g, dtype=np.dtype("float64")))
    with pytest.raises(TypeError, match="twice: fwd must return a pair"):
        gradient(fwd=lambda x: x * 2, bwd=lambda kept, g: (g,))
    with pytest.raises(TypeError, match="formula for 'x' is a function, not 3"):
        gradient(x=3)
    assert gradient(x=lambda g: None) == 0.0
    assert gradient(x=lambda g: 7.0) == 7.0

    def hooked(hook: Any) -> Any:
        return tapegrad.grad(lambda x: [x.register_hook(hook), RECORDED.sum(x * x)][1])(ONE_TWO)

    with pytest.raises(TypeError, match="hook returns an array or None, not a str"):
        hooked(lambda g: "text")
    with pytest.raises(ShapeError, match=r"hook was given.*\(2,\).*\(\)"):
        hooked(RECORDED.sum)
    assert hooked(lambda g: g * 2).tolist() == [4, 8]
    assert tapegrad.tape.mode.MODE.get() == 0


def test_a_checkpoint_passes_through_what_is_no_array() -> None:
    """Numbers, strings and None among the results are constants."""
    found = tapegrad.grad(lambda x: tapegrad.checkpoint(lambda y: (y * y, None, {"note": "n", "k": 3}))(x)[0])(2.0)
    assert found == 4.0
    assert tapegrad.grad(tapegrad.checkpoint(lambda x: 3.0))(1.0) == 0.0
