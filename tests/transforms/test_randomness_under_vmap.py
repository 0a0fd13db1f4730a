"""What a random draw means under vmap: an error unless it is said, one for all, or one for each as in a loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import autograd, nd
from tapegrad.errors import RandomnessError

ROWS = np.arange(6.0).reshape(3, 2) + 1


def seeded(program: Any) -> Any:
    """What a program gives with both streams at one seed."""
    tapegrad.random.seed(7)
    tnp.random.seed(7)
    return program()


DRAWS = {
    "tnp.normal": lambda row: row * tnp.random.normal(size=2),
    "tnp.uniform of one number": lambda row: row * tnp.random.uniform(),
    "tnp.randint": lambda row: tnp.random.randint(100, size=2),
    "tnp.permutation of a count": lambda row: tnp.random.permutation(9),
    "tnp.permutation of rows": tnp.random.permutation,
    "tnp.choice": lambda row: tnp.random.choice(row, size=4),
    "tnp.choice with probabilities": lambda row: tnp.random.choice(2, size=9, p=row / tnp.sum(row)),
}
MXNET_DRAWS = {
    "uniform": lambda row: row * nd.random.uniform(shape=2),
    "normal of arrays": lambda row: nd.random.normal(row, row + 1),
    "poisson": lambda row: nd.random.poisson(row * 10, shape=3),
    "shuffle": nd.random.shuffle,
    "shuffle of a constant": lambda row: nd.random.shuffle(nd.arange(9)),
    "multinomial": lambda row: nd.random.multinomial(row / nd.sum(row), shape=9),
    "multinomial, one": lambda row: nd.random.multinomial(row / nd.sum(row)),
    "log probabilities": lambda row: nd.random.multinomial(row / nd.sum(row), shape=4, get_prob=True)[1],
    "Dropout": lambda row: nd.Dropout(row, p=0.5, mode="always"),
    "rrelu": lambda row: nd.LeakyReLU(-row, act_type="rrelu", lower_bound=0.1, upper_bound=0.9),
    "uniform_like": nd.random.uniform_like,
}


def _in_training(f: Any) -> Any:
    def trained(row: Any) -> Any:
        with autograd.train_mode():
            return f(row)

    return trained


CASES = [
    *[pytest.param(f, ROWS, id=name) for name, f in DRAWS.items()],
    *[pytest.param(_in_training(f), nd.array(ROWS, dtype="float32"), id=name) for name, f in MXNET_DRAWS.items()],
]


def values(x: Any) -> np.ndarray[Any, Any]:
    """The numbers of an array of any kind."""
    return x.asnumpy() if isinstance(x, tapegrad.Array) else np.asarray(x)


@pytest.mark.parametrize(("f", "rows"), CASES)
def test_different_draws_are_those_of_a_loop(f: Any, rows: Any) -> None:
    batch = seeded(lambda: tapegrad.vmap(f, randomness="different")(rows))
    loop = seeded(lambda: [f(tnp.asarray(row) if isinstance(rows, np.ndarray) else row) for row in rows])
    assert values(batch).shape[0] == 3
    np.testing.assert_array_equal(values(batch), np.stack([values(one) for one in loop]))


@pytest.mark.parametrize(("f", "rows"), CASES)
def test_a_draw_of_unsaid_meaning_is_refused_in_words(f: Any, rows: Any) -> None:
    with pytest.raises(RandomnessError, match=r"under vmap.*'different'.*'same'"):
        tapegrad.vmap(f)(rows)


def test_the_same_draw_is_one_that_all_share() -> None:
    found = seeded(lambda: tapegrad.vmap(lambda row: row * tnp.random.normal(size=2), randomness="same")(ROWS))
    one = seeded(lambda: tnp.random.normal(size=2).asnumpy())
    np.testing.assert_array_equal(found, ROWS * one)


def test_one_draw_cannot_have_a_parameter_for_each() -> None:
    with pytest.raises(RandomnessError, match=r"'probs'.*randomness='different'"):
        tapegrad.vmap(lambda row: nd.random.multinomial(row), randomness="same")(nd.array([[0, 1], [1, 0]]))


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(ValueError, match=r"'each'.*'error', 'same', 'different'"):
        tapegrad.vmap(lambda x: x, randomness="each")
    with pytest.raises(RandomnessError, match="empty batch"):
        tapegrad.vmap(lambda x: tnp.random.normal(), randomness="different")(np.ones((0, 2)))


@pytest.mark.parametrize("outer", ["same", "different"])
@pytest.mark.parametrize("inner", ["same", "different"])
def test_nested_vmaps_each_have_their_own(outer: str, inner: str) -> None:
    """A draw has an axis for each vmap whose elements draw their own, and is constant along the others."""

    def program() -> Any:
        rows = lambda _: tapegrad.vmap(lambda _: tnp.random.normal(size=4), randomness=inner)(np.zeros(3))
        return tapegrad.vmap(rows, randomness=outer)(np.zeros(2))

    found = values(seeded(program))
    shape = (2 if outer == "different" else 1, 3 if inner == "different" else 1, 4)
    alone = seeded(lambda: np.stack([tnp.random.normal(size=4).asnumpy() for _ in range(shape[0] * shape[1])]))
    np.testing.assert_array_equal(found, np.broadcast_to(alone.reshape(shape), (2, 3, 4)))


def test_an_inner_vmap_that_says_nothing_refuses() -> None:
    inner = tapegrad.vmap(lambda x: x + tnp.random.normal())
    with pytest.raises(RandomnessError):
        tapegrad.vmap(inner, randomness="different")(ROWS)
    tapegrad.vmap(lambda x: x + tnp.random.normal(), randomness="different")(ROWS)


def noisy(row: Any) -> Any:
    """A scalar with a draw that its gradient keeps."""
    return tnp.sum(tnp.sin(row) * tnp.random.normal(size=2) * row)


@pytest.mark.parametrize("randomness", ["same", "different"])
@pytest.mark.parametrize("wrapped", [lambda f: f, tapegrad.checkpoint], ids=["plain", "checkpoint"])
def test_gradients_see_the_draws_of_the_value(randomness: str, wrapped: Any) -> None:
    """Gradients inside and outside the vmap, and of a checkpoint inside, which draws again what it drew."""
    count = 3 if randomness == "different" else 1
    noise = seeded(lambda: np.stack([tnp.random.normal(size=2).asnumpy() for _ in range(count)]))
    wanted = noise * (np.cos(ROWS) * ROWS + np.sin(ROWS))
    f = wrapped(noisy)
    inside = seeded(lambda: tapegrad.vmap(tapegrad.grad(f), randomness=randomness)(ROWS))
    outside = seeded(lambda: tapegrad.grad(lambda r: tnp.sum(tapegrad.vmap(f, randomness=randomness)(r)))(ROWS))
    np.testing.assert_allclose(inside, wanted, rtol=1e-6)
    np.testing.assert_allclose(outside, wanted, rtol=1e-6)
    twice = lambda r: tnp.sum(tapegrad.vmap(tapegrad.grad(f), randomness=randomness)(r))
    np.testing.assert_allclose(
        seeded(lambda: tapegrad.grad(twice)(ROWS)), noise * (2 * np.cos(ROWS) - np.sin(ROWS) * ROWS), rtol=1e-6
    )


def test_a_checkpoint_around_a_vmap_draws_again_what_it_drew() -> None:
    batch = lambda r: tnp.sum(tapegrad.vmap(noisy, randomness="different")(r))
    found = [seeded(lambda f=f: tapegrad.grad(f)(ROWS)) for f in (batch, tapegrad.checkpoint(batch))]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)


def test_a_rule_that_draws_draws_once_for_a_jacobian() -> None:
    """The unit cotangents of a Jacobian go through one rule."""

    @tapegrad.custom
    def jittered(x: Any) -> Any:
        return x * 1

    jittered.defvjp(x=lambda g: g * tnp.random.normal())
    found = seeded(lambda: tapegrad.jacobian(jittered)(np.ones(2)))
    np.testing.assert_allclose(found, np.eye(2) * seeded(lambda: tnp.random.normal().item()))


def test_a_batch_of_draws_needs_no_argument() -> None:
    found = tapegrad.vmap(lambda: tnp.random.normal(size=2), axis_size=5, randomness="different")()
    assert found.shape == (5, 2) and len(np.unique(values(found))) == 10
    with pytest.raises(ValueError, match="4 in axis_size, 3 in argument 0"):
        tapegrad.vmap(lambda x: x, axis_size=4)(ROWS)
