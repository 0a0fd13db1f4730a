"""What a user does wrong is one type of ours on every engine, however the engine puts it, and whenever it does."""

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.errors import (
    ArgumentError,
    ArgumentTypeError,
    AxisError,
    BoundsError,
    DtypeError,
    LinAlgError,
    ShapeError,
)

X = np.arange(6.0).reshape(2, 3) + 1

MISTAKES = {
    "shapes": (lambda a: a(X) + a(np.ones(5)), ShapeError),
    "shapes in a vmap": (lambda a: tapegrad.vmap(lambda x, y: x + y)(a(X), a(np.ones((2, 5)))), ShapeError),
    "shapes in a gradient": (lambda a: tapegrad.grad(lambda x: tnp.sum(x @ a(np.ones((5, 2)))))(a(X)), ShapeError),
    "a product of a number": (lambda a: a(X) @ a(np.ones(())), ShapeError),
    "an axis of a sum": (lambda a: tnp.sum(a(X), axis=5), AxisError),
    "an axis of a mean": (lambda a: tnp.mean(a(X), axis=2), AxisError),
    "an axis of an argmax": (lambda a: tnp.argmax(a(X), axis=3), AxisError),
    "an axis of a sort": (lambda a: tnp.sort(a(X), axis=3), AxisError),
    "an axis of a take": (lambda a: tnp.take(a(X), a(np.arange(2)), axis=4), AxisError),
    "an axis of concat": (lambda a: tnp.concat([a(X), a(X)], axis=4), AxisError),
    "an axis of stack": (lambda a: tnp.stack([a(X), a(X)], axis=5), AxisError),
    "axes of a permutation": (lambda a: tnp.permute_dims(a(X), (0, 2)), AxisError),
    "an axis twice": (lambda a: tnp.sum(a(X), axis=(0, 0)), ShapeError),
    "an axis of half": (lambda a: tnp.sum(a(X), axis=1.5), ArgumentTypeError),
    "an axis by name": (lambda a: tnp.sum(a(X), axis="rows"), ArgumentTypeError),
    "the largest of none": (lambda a: tnp.max(a(X[:0])), ShapeError),
    "the place of the largest of none": (lambda a: tnp.argmax(a(X[:0])), ShapeError),
    "an index": (lambda a: a(X)[7], BoundsError),
    "an index in an array": (lambda a: a(X)[a(np.asarray([0, 9]))], BoundsError),
    "an index of a take": (lambda a: tnp.take(a(X), a(np.asarray([0, 9])), axis=1), BoundsError),
    "an index of half": (lambda a: tnp.take(a(X), a(np.asarray([0.5])), axis=1), DtypeError),
    "an index of half along": (lambda a: tnp.take_along_axis(a(X), a(np.zeros((2, 1))), axis=1), BoundsError),
    "two ellipses": (lambda a: a(X)[..., ...], BoundsError),
    "bits of floats": (lambda a: a(X) & a(X), DtypeError),
    "a shift of floats": (lambda a: a(X) << a(X), DtypeError),
    "a difference of truths": (lambda a: a(X > 2) - a(X > 2), DtypeError),
    "a singular matrix": (lambda a: tnp.linalg.inv(a(np.zeros((2, 2)))), LinAlgError),
    "a matrix that is not definite": (lambda a: tnp.linalg.cholesky(a(-np.eye(2))), LinAlgError),
    "a count": (lambda a: tnp.linspace(a(X[0]), a(X[1]), -2), ArgumentError),
    "a length": (lambda a: tnp.eye(-2), ShapeError),
}


@pytest.mark.parametrize("backend", ["numpy", "strict", "jax", "torch", "dask"], indirect=True)
def test_a_mistake_is_of_one_type_on_every_engine(backend):
    def there(values):
        return tnp.asarray(values).to(backend.name)

    raised = {}
    with tapegrad.use_backend(backend):
        for name, (fails, _) in MISTAKES.items():
            try:
                fails(there).asnumpy()  # a lazy engine finds it out here
            except Exception as error:
                raised[name] = type(error)
    assert raised == {name: kind for name, (_, kind) in MISTAKES.items()}


@pytest.mark.parametrize("backend", ["numpy", "strict", "jax", "torch"], indirect=True)
def test_an_axis_is_told_in_the_same_words(backend):
    x = tnp.asarray(X).to(backend.name)
    for fails in (lambda: tnp.argmax(x, axis=3), lambda: tnp.sort(x, axis=3), lambda: tnp.mean(x, axis=3)):
        with pytest.raises(AxisError, match="axis 3 is out of range for an array of 2 axes"):
            fails()


@pytest.mark.parametrize("backend", ["numpy", "strict", "jax", "torch"], indirect=True)
def test_a_condition_of_numbers_holds_where_they_are_not_zero(backend):
    condition = tnp.asarray([0.0, 2.0]).to(backend.name)
    assert tnp.where(condition, condition, 5.0).tolist() == [5.0, 2.0]
