"""Loops of programs: what becomes one, what must not, and what their turns leave to a backward pass."""

import functools
from importlib import import_module

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import autograd, nd
from tapegrad.errors import CompileWarning

SCALES = (3, 200, 12, 40, 0.1, 7, 600, 0.03)


def doubled(a):
    b = a * 2
    while nd.norm(b).asscalar() < 1000:
        b = b * 2
    return b


def bent(a):
    b, s = a * 1, a
    while True:
        b = nd.sin(b) * a + b * 2
        s = s + b
        if nd.norm(s).asscalar() > 1000:
            return s * b


def with_the_one_before(a):
    before, b = a, a * 2
    while nd.norm(b).asscalar() < 1000:
        before, b = b, b * 1.5 + nd.sin(before)
    return b + before


def in_a_list(a):
    pair = [a, a * 2]
    while nd.norm(pair[1]).asscalar() < 1000:
        pair = [pair[1], pair[0] + pair[1]]
    return pair[0] * pair[1]


def in_place(a):
    b = a * 2
    while nd.norm(b).asscalar() < 1000:
        b[:] = b * 2
    return b


def with_a_number(a):
    b, total = a * 2, 0.0
    while nd.norm(b).asscalar() < 1000:
        b = b * 2
        total = total + b[0].asscalar()
    return b * (1 + total * 1e-3)


def counted(a):
    b, turns, rate = a * 2, 0, 1.0
    while nd.norm(b).asscalar() < 1000 and turns < 100:
        b = b * (1 + rate)
        turns, rate = turns + 1, rate * 0.98
    return b * turns + rate


def by_a_helper(a):
    return counted(a * 0.5) * 2


def over_a_range(a):
    b = a * 2
    for k in range(1, 200, 2):
        b = b * 1.3 + nd.sin(a) * k * 0.01
        if nd.norm(b).asscalar() > 1000:
            break
    return b * k


def at_most_five(a):
    b, turns = a * 2, 0
    while nd.norm(b).asscalar() < 1000 and turns < 5:
        b, turns = b * 2, turns + 1
    return b


_LONG = "for _ in [0] * 6:\n  if nd.norm(b).asscalar() > 1000: break\n  b = b * 2\n"
exec("def in_a_long_body(a):\n b = a * 2\n " + (_LONG + "  a, b = a, b\n" * 300).replace("\n", "\n ") + "\n return b")


def for_six(a):
    b = a * 2
    for _ in [0] * 6:
        if nd.norm(b).asscalar() > 1000:
            break
        b = b * 2
    return b


def from_an_iterator(a):
    b, ahead = a * 2, iter([0] * 6)
    while nd.norm(b).asscalar() < 1000 and next(ahead, 1) == 0:
        b = b * 2
    return b


def from_a_generator(a):
    b, ahead = a * 2, (0 for _ in range(6))
    while nd.norm(b).asscalar() < 1000 and next(ahead, 1) == 0:
        b = b * 2
    return b


def folded(a):
    return functools.reduce(lambda b, _: b * 2 if nd.norm(b).asscalar() < 1000 else b, [0] * 7, a * 2)


class _Count:
    n = 0


def with_an_object(a):
    b, count = a * 2, _Count()
    while nd.norm(b).asscalar() < 1000:
        count.n += 1
        b = b * (3 if count.n == 6 else 2)
    return b


def in_turns(a):
    b, odd = a * 2, True
    while nd.norm(b).asscalar() < 1000:
        b, odd = b * (2 if odd else 3), not odd
    return b


def by_halves(a):
    low, high = 0.0, 8.0
    while high - low > 0.1:
        middle = (low + high) / 2
        low, high = (middle, high) if (a[0] > middle).asscalar() else (low, middle)
    return a * low


def gathered(a):
    b, all_ = a * 2, []
    while nd.norm(b).asscalar() < 1000:
        all_.append(b)
        b = b * 2
    return sum(all_, b)


LOOPS = (doubled, bent, with_the_one_before, in_a_list, in_place, with_a_number, counted, by_a_helper)
LOOPS += (over_a_range, by_halves)
OTHERS = (
    at_most_five,
    in_a_long_body,  # noqa: F821
    for_six,
    from_an_iterator,
    from_a_generator,
    folded,
    with_an_object,
    in_turns,
    gathered,
)


@pytest.mark.parametrize("body", LOOPS + OTHERS)
def test_a_body_that_repeats_is_a_loop_and_nothing_else_is(body, monkeypatch):
    monkeypatch.setattr(import_module("tapegrad.compile.compiled"), "MANY", 1)  # else the first few are a tree

    def run(a):
        a.attach_grad()
        with autograd.record():
            c = body(a)
        c.backward()
        return c, a.grad

    compiled = tapegrad.compile(run, max_programs=100)
    for scale in SCALES:
        got, wanted = (step(nd.array([scale, 0.5 * scale])) for step in (compiled, run))
        for x, y in zip(got, wanted, strict=True):
            np.testing.assert_allclose(x.asnumpy(), y.asnumpy(), rtol=1e-4)
    assert ("= loop(" in compiled.explain()) == (body in LOOPS)
    assert compiled.stats()["eager"] == 0


def test_any_number_of_turns_with_few_programs():
    compiled = tapegrad.compile(doubled)
    for power in range(30):
        x = nd.array([1e-12 * 4.0**power, 0.0], dtype="float64")
        assert compiled(x).asnumpy().tolist() == doubled(x).asnumpy().tolist()
    assert compiled.stats()["programs"] < 12 and compiled.stats()["eager"] == 0


def test_many_turns_are_a_loop_from_the_second_call_on_or_run_eagerly():
    def slowly(a):
        while nd.norm(a).asscalar() < 1000:
            a = a * 1.03
        return a

    def counting(a):
        turns = 0
        while nd.norm(a).asscalar() < 1000:
            a, turns = a * 1.03, turns + 1
        return a, turns

    def in_two_ways(a):
        odd = True
        while nd.norm(a).asscalar() < 1000:
            a, odd = a * (1.03 if odd else 1.035), not odd
        return a

    def in_a_row(a):
        row = [a]
        while nd.norm(row[-1]).asscalar() < 1000:
            row.append(row[-1] * 1.03)
        return row[-1]

    loop, parity, counter, no_loop = map(tapegrad.compile, (slowly, in_two_ways, counting, in_a_row))
    with pytest.warns(CompileWarning, match="more than 200 branch points"):
        for scale in (1.0, 1.0, 2.0, 600.0, 1.0):
            x = nd.array([scale])
            assert loop(x).asscalar() == slowly(x).asscalar()
            (got, turns), (wanted, number) = counter(x), counting(x)
            assert got.asscalar() == wanted.asscalar() and turns == number and type(turns) is int
            assert parity(x).asscalar() == in_two_ways(x).asscalar()
            assert no_loop(x).asscalar() == in_a_row(x).asscalar()
            assert "course(s)" in loop.explain()
    for folded in (loop, parity, counter):
        assert folded.stats()["eager"] == 0 and "= loop(" in folded.explain()
    assert no_loop.stats()["eager"] > 0


def test_a_range_that_is_exhausted_is_a_loop_too():
    def settled(a):
        for k in range(120):
            a = a * 0.97 + k * 1e-3
            if nd.norm(a).asscalar() > 100:
                break
        else:
            return a, -1
        return a * 2, k

    compiled = tapegrad.compile(settled)
    for scale in (1.0, 2.0, 200.0, 99.0, 103.0, 0.5, 500.0, 60.0):
        x = nd.array([scale])
        (got, turns), (wanted, number) = compiled(x), settled(x)
        assert got.asscalar() == pytest.approx(wanted.asscalar(), rel=1e-6) and turns == number and type(turns) is int
    assert "= loop(" in compiled.explain() and compiled.stats()["traces"] < 7 and compiled.stats()["eager"] == 0


def test_a_range_that_ends_at_an_argument():
    table = tnp.arange(100.0)

    def summed(a, n):
        for k in range(n):
            a = a * 0.5 + table[k] * k
        return a

    def sliced(a, n):
        for k in range(n):
            a = a * 0.5 + table[k : k + 2]
        return a

    for f, loop in ((summed, True), (sliced, False)):
        compiled = tapegrad.compile(f)
        for n in (3, 50, 0, 7, 90, 1, 20, 8, 33):
            assert compiled(tnp.ones(2), n).tolist() == f(tnp.ones(2), n).tolist()
        assert ("= loop(" in compiled.explain()) == loop and compiled.stats()["eager"] == 0


def test_training_until_it_is_good_enough(monkeypatch):
    monkeypatch.setattr(import_module("tapegrad.compile.compiled"), "MANY", 1)

    def run():
        w = nd.array([0.5, 0.25])
        w.attach_grad()

        def trained(x, most):
            for k in range(30):  # noqa: B007
                with autograd.record():
                    loss = ((w - x) ** 2).sum()
                loss.backward()
                w[:] = w - 0.2 * w.grad
                if float(loss) < most:
                    break
            return loss, k

        return w, trained

    (w, eager), (v, program) = run(), run()
    compiled = tapegrad.compile(program)
    for k in range(1, 9):
        args = nd.array([k % 7, k % 3]), 10.0 ** -(k % 5)
        (got, turns), (wanted, number) = compiled(*args), eager(*args)
        assert got.asscalar() == pytest.approx(wanted.asscalar(), rel=1e-4) and turns == number
        np.testing.assert_allclose(v.asnumpy(), w.asnumpy(), rtol=1e-4)
        np.testing.assert_allclose(v.grad.asnumpy(), w.grad.asnumpy(), atol=1e-6)
    assert "= loop(" in compiled.explain() and compiled.stats()["traces"] < 8 and compiled.stats()["eager"] == 0


def test_a_sweep_back_repeats_as_often_as_the_turns_of_each_call():
    def grown(x):
        y = x * 1
        for _ in range(40):
            y = y * 1.3
            if (y * y).sum() > 1000:
                break
        return y.sum()

    both = tapegrad.value_and_grad(grown)
    compiled = tapegrad.compile(both)
    for scale in (1e-3, 2e-3, 10.0, 0.5, 1e-4, 7.0, 0.1, 3.0):
        (got, slope), (wanted, other) = (f(nd.array([scale])) for f in (compiled, both))
        assert got.asscalar() == pytest.approx(wanted.asscalar()) and slope.asscalar() == pytest.approx(
            other.asscalar()
        )
    assert "= loop(" in compiled.explain() and compiled.stats()["eager"] == 0


def by_halving(goal):
    low, high = tnp.asarray(0.0), tnp.asarray(64.0)
    for _ in range(40):
        middle = (low + high) / 2
        if middle**3 > goal:
            high = middle
        else:
            low = middle
        if float(high - low) < 1e-3:
            break
    return low


def in_steps_that_adapt(end):
    y, t, step, tried = tnp.asarray([1.0, 0.5]), 0.0, 0.02, 0
    while t < end:
        slope = -y * y
        error = float(tnp.max(tnp.abs(step * (slope + (y + step * slope) ** 2))))
        tried += 1
        if error < 2e-3:
            y, t = y + step * slope, t + step
        step = min(0.05, step * 1.1) if error < 1e-3 else step * 0.7
    return y, t, tried


def looking_twice(x):
    x = tnp.ones(()) * x
    small, turns, total = x < 1, 0, tnp.zeros(2)
    while turns < 40:
        total = total + (1 if small else 2)
        small = tnp.sin(x * turns) < 0
        total = total * 0.5 if small else total
        turns += 1
    return total


def of_a_number_within_a_range(x):
    total = tnp.zeros(2)
    for k in range(1, 8):
        y = tnp.ones(2) * x + k
        while y.sum() > 1:
            y = y * 0.7
        total = total + y
    return total


def of_a_range_within_a_count(x):
    total, k = tnp.ones(2) * x, 0
    while k < 3 * x:
        for j in range(k):
            total = total * 0.9 + j
            if total[0] > 9:
                break
        total, k = total + k, k + 1
    return total, k


def one_after_the_other_within_a_third(x):
    y, steps, odd = tnp.ones(2) * x, 0, True
    for _ in range(8):
        while y.sum() > 1:
            y, odd = y * (0.5 if odd else 0.8), not odd
        best = None
        while best is None or best[0] < x:
            best = y * steps if best is None else best + 1 + steps * 0.1
            steps += 1
        y = best
    return y, steps


def changing_sides(x):
    y, left, turns = tnp.ones(2) * x, False, 0
    while turns < 30:
        y = tnp.sin(3 * y + turns)
        if y[0] > 0.7:
            left = not left
        y = y * (0.9 if left else -0.8)
        turns += 1
    return y


NESTED = [of_a_number_within_a_range, of_a_range_within_a_count, one_after_the_other_within_a_third]


@pytest.mark.parametrize("body", [by_halving, in_steps_that_adapt, looking_twice, changing_sides, *NESTED])
def test_a_turn_may_go_several_ways_where_nothing_is_recorded(body, monkeypatch):
    if body in NESTED:
        monkeypatch.setattr(import_module("tapegrad.compile.compiled"), "MANY", 1)
    compiled = tapegrad.compile(body)
    for k in (3.0, 2.5, 1.75, 0.5, 4.5, 3.75, 5.0):
        got, wanted = compiled(k), body(k)
        for x, y in zip(got, wanted, strict=True) if isinstance(got, tuple) else [(got, wanted)]:
            np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=1e-5)
    assert "= loop(" in compiled.explain() and compiled.stats()["eager"] == 0


def test_what_has_been_seen_to_change_once_is_handed_on_everywhere():
    def numbered(x, m):
        total = tnp.zeros(2)
        for k in range(m):
            y = tnp.ones(2) * x
            while y.sum() > 0.01:
                y = y * 0.7
                total = total + k
        return total

    compiled = tapegrad.compile(numbered)
    for x, m in ((1.0, 1), (2.0, 2), (3.0, 2), (1.0, 4), (2.0, 5), (4.0, 7)):
        assert compiled(x, m).tolist() == numbered(x, m).tolist()
    assert "= loop(" in compiled.explain() and compiled.stats()["traces"] < 4


def wandering(x):
    turns = 0
    while (x * x).sum() < 20 and turns < 400:
        x, turns = x + 0.5 * nd.random.normal(shape=(2,)), turns + 1
    return x, turns


def accepting(x):
    taken = 0
    for _ in range(40):
        y = x + 0.5 * nd.random.normal(shape=(2,))
        if nd.random.uniform(shape=(1,)) < nd.exp(((x * x).sum() - (y * y).sum()) / 2):
            x, taken = y, taken + 1
    return x, taken


def dropping(x):
    x, turns = x.copy(), 0
    x.attach_grad()
    with autograd.record():
        y = x
        while nd.norm(y).asscalar() < 30 and turns < 60:
            y, turns = nd.Dropout(y * 1.1, p=0.2) + x, turns + 1
    y.backward()
    return x.grad, turns


def straying(x):
    x = x.copy()
    x.attach_grad()
    with autograd.record():
        y = x
        for k in range(200):  # noqa: B007
            y = y * 1.1 + nd.random.normal(scale=0.1, shape=(2,)) * x
            if nd.norm(y).asscalar() > 10:
                break
    y.backward()
    return x.grad, k


@pytest.mark.parametrize("body", [wandering, accepting, dropping, straying])
def test_turns_may_draw_random_numbers(body):
    def run(f):
        tapegrad.random.mxnet.seed(3)
        return [f(nd.array([0.1 * k, 1.0])) for k in range(12)], nd.random.normal(shape=(2,))

    compiled = tapegrad.compile(body)
    (got, after), (wanted, other) = run(compiled), run(body)
    for (x, turns), (y, number) in zip(got, wanted, strict=True):
        np.testing.assert_allclose(x.asnumpy(), y.asnumpy(), rtol=1e-4)
        assert turns == number
    assert after.asnumpy().tolist() == other.asnumpy().tolist()
    assert "= loop(" in compiled.explain() and "drawn" in compiled.explain() and compiled.stats()["eager"] == 0


@pytest.mark.parametrize("first", [0.7, None])
def test_what_turns_exchange_is_not_what_it_was_after_as_many(first):
    def exchanged(a, m, q):
        p = a * 2 if first is None else first
        q = a + q
        for _ in range(m):
            p, q = q, p
        return p, q

    compiled = tapegrad.compile(exchanged)
    for m in (3, 8, 2, 5, 7, 1, 4, 6, 9, 10, 11):
        a, q = tnp.asarray([1.0, 2.0]), m / 16
        for got, wanted in zip(compiled(a, m, q), exchanged(a, m, q), strict=True):
            np.testing.assert_array_equal(np.asarray(got), np.asarray(wanted))


def test_what_a_second_loop_exchanges_is_not_what_it_was_after_as_many():
    def exchanged(a, m, q):
        p, k, c = 0.7, 0, a[::-1] + 1
        for _ in range(m):
            if c[1] > 0.2:
                c = c * 0.9
        while True:
            k += 1
            if k > m:
                break
            a = a * 0.5
            p, q = q, p
        return a, c, p, q

    compiled = tapegrad.compile(exchanged)
    for m in (3, 8, 2, 5, 7, 1, 4, 6, 9, 10, 11, 3, 4, 5, 6):
        a, q = tnp.asarray([1.0, 2.0]), m / 16
        for got, wanted in zip(compiled(a, m, q), exchanged(a, m, q), strict=True):
            np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=1e-6)


def looked_at_only(a, m):
    b, begun, total = a * 0.5, False, 0.0
    for _ in range(m):
        if begun and b[1] > -0.3:
            continue
        begun = True
        total = total + b
    return b, begun, total


def flipped_later(a, m):
    c, flag = a, True
    for _ in range(m):
        c = tnp.sin(tnp.sin(a))
    for _ in range(m + 3):
        flag = not flag
    return c, flag


@pytest.mark.parametrize("fun", [looked_at_only, flipped_later], ids=lambda fun: fun.__name__)
def test_loops_that_leave_nothing_but_what_the_host_saw(fun):
    compiled = tapegrad.compile(fun)
    for k, m in enumerate((3, 2, 4, 5, 3, 6, 8, 3, 1, 7, 2, 2, 4, 6)):
        a = tnp.asarray([1.0, (-1) ** (k // 4) * 1.5])
        for got, wanted in zip(compiled(a, m), fun(a, m), strict=True):
            np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=1e-6)
