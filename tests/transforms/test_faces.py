"""What a program is handed is of the face that it came with; only rules of ops see the core's own class."""

import numpy as np
import optree
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import nd

FACES = {
    "standard": (tnp.asarray, tnp.ndarray, tnp.ndarray),
    "mxnet": (nd.array, nd.NDArray, nd.NDArray),
    "raw": (lambda values: np.asarray(values, np.float32), tnp.ndarray, np.ndarray),
}
"""How arrays are made, the class that a function under a transform is handed, and that of results."""


def watched():
    """A function of arrays through custom rules, hooks and a checkpoint, and the classes of all that it saw."""
    seen = set()

    def see(*trees):
        seen.update(type(leaf) for leaf in optree.tree_leaves(trees) if isinstance(leaf, tapegrad.Array))

    square, cube, pair = (tapegrad.custom(lambda x, power=power: x**power) for power in (2, 3, 2))
    square.defvjp(x=lambda g, x, out: see(g, x, out) or 2 * g * x)
    cube.defjvp(x=lambda d, x, out: see(d, x, out) or 3 * d * x * x)
    pair.defvjp(lambda x: (x * x, {"x": x}), lambda kept, g: see(kept, g) or (2 * g * kept["x"],))

    @tapegrad.checkpoint
    def again(x):
        see(x)
        return x * x

    def function(x):
        see(x)
        if x._node is not None:
            x.register_hook(see)
        y = square(x) + cube(x) + pair(x) + again(x)
        see(y)
        return y

    return function, seen


def linearized(f, x, h):
    return tapegrad.linearize(f, x)[1](h)


def pulled(f, x, h):
    return tapegrad.vjp(f, x)[1](h)


def gradient_of_a_pull(f, x, h):
    pull = tapegrad.vjp(f, x)[1]
    return tapegrad.grad(lambda g: pull(g)[0].sum())(h)


def pull_of_a_batch(f, x, h):
    pull = tapegrad.vjp(f, x)[1]
    return tapegrad.vmap(lambda g: pull(g * h)[0])(x)


def push_of_a_batch(f, x, h):
    push = tapegrad.linearize(f, x)[1]
    return tapegrad.vmap(lambda d: push(d * h))(x)


TRANSFORMS = {
    "grad": lambda f, x, h: tapegrad.grad(lambda x: f(x).sum())(x),
    "grad of grad": lambda f, x, h: tapegrad.grad(lambda x: tapegrad.grad(lambda x: f(x).sum())(x).sum())(x),
    "hessian": lambda f, x, h: tapegrad.hessian(lambda x: f(x).sum())(x),
    "jacfwd": lambda f, x, h: tapegrad.jacfwd(f)(x),
    "jacrev": lambda f, x, h: tapegrad.jacrev(f)(x),
    "jvp": lambda f, x, h: tapegrad.jvp(f, (x,), (h,)),
    "linearize": linearized,
    "vjp": pulled,
    "grad of a pull": gradient_of_a_pull,
    "vmap": lambda f, x, h: tapegrad.vmap(f)(x),
    "vmap of grad": lambda f, x, h: tapegrad.vmap(tapegrad.grad(f))(x),
    "vmap of a pull": pull_of_a_batch,
    "vmap of a push": push_of_a_batch,
}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_all_that_a_program_sees_is_of_one_face(face, transform):
    make, inside, outside = FACES[face]
    function, seen = watched()
    results = TRANSFORMS[transform](function, make([1.0, 2.0, 3.0]), make([1.0, 1.0, 1.0]))
    assert seen == {inside}
    assert {type(leaf) for leaf in optree.tree_leaves(results)} == {outside}


def test_what_rules_are_handed_has_operators_and_no_methods_of_a_face():
    shown = {name for name in dir(tapegrad.Array) if name[0] != "_"}
    assert {"shape", "dtype", "ndim", "detach"} <= shown
    assert not shown & {"sum", "T", "astype", "to", "attach_grad", "backward", "register_hook", "grad"}
    assert not [n for n in ("__array_function__", "__array_namespace__", "__dlpack__") if hasattr(tapegrad.Array, n)]


def test_arrays_of_the_core_take_the_face_of_those_beside_them():
    for make, face, _ in (FACES["standard"], FACES["mxnet"]):
        x = make([1.0, 2.0])
        bare = tapegrad.arrays.array.handle(tapegrad.Array, x._value, None, x._kernels)
        assert type(bare * bare) is tapegrad.Array
        assert {type(bare * x), type(x * bare)} == {face}
    x = bare * np.ones(2, np.float32)
    assert type(x) is tapegrad.Array and type(np.ones(2, np.float32) * bare) is tapegrad.Array


def test_a_class_of_the_programs_own_keeps_the_methods_of_its_face():
    class Mine(tnp.ndarray):
        __slots__ = ()

    x = tnp.asarray([1.0, 2.0])
    mine = tapegrad.arrays.array.handle(Mine, x._value, None, x._kernels)
    assert type(mine * 2) is Mine and type(mine.sum()) is Mine and type(mine.T) is Mine
