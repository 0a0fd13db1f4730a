"""Programs on an engine's second device: what they make on the way lies there too, and so do their gradients.

array-api-strict has several devices on every machine, and refuses arrays of two of them in one function.
"""

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import ops
from tapegrad.arrays.array import handle
from tapegrad.errors import MissingExtraError, MixedBackendsError
from tapegrad.ops.indexing import one_hot, pick
from tapegrad.testing.functions import FUNCTIONS, calls_of
from tapegrad.testing.generate import samples_of
from tapegrad.testing.judging import judged_ops
from tapegrad.testing.runs import as_target

strict = pytest.importorskip("array_api_strict", reason="the devices are array-api-strict's")
SECOND = strict.Device("device1")
X = [[1.0, -2.0, 3.0], [0.5, 4.0, -1.5]]

PROGRAMS = {
    "a number": lambda x: x * 2 + 1,
    "a number first": lambda x: 1.0 / (3 - x * x * 1j).real,
    "a number of another kind": lambda x: tnp.where(x > 0, x, 0.5),
    "a host array": lambda x: x * np.asarray([1.0, 2.0, 3.0]),
    "a list": lambda x: x + tnp.asarray([x[0, 0], 1.0, 2.0]),
    "a slice": lambda x: x[:, 1:] * x[:, ::-2][:, :1],
    "an index": lambda x: x[0] * x[-1, 2],
    "an index array": lambda x: x[[0, 1, 1]] * 2,
    "a mask": lambda x: x[x > 0],
    "a take along an axis": lambda x: tnp.take_along_axis(x, tnp.argsort(x, axis=1), axis=1),
    "a write": lambda x: tnp.where(np.asarray([True, False, True]), x, x * x),
    "a sort": lambda x: tnp.sort(x, axis=1) * np.arange(3.0),
    "a cumulative sum": lambda x: tnp.cumulative_sum(x, axis=1) ** 2,
    "a cumulative product": lambda x: tnp.cumulative_prod(x, axis=1),
    "a product": lambda x: tnp.prod(x, axis=0),
    "matmul": lambda x: x @ x.T,
    "a mean and a deviation": lambda x: tnp.std(x, axis=1) + tnp.mean(x, axis=1),
    "softmax": lambda x: ops.reductions.logsumexp(x, axis=1),
    "a maximum": lambda x: tnp.maximum(x, 0.0) + tnp.max(x, axis=0),
    "a norm": lambda x: tnp.linalg.norm(x),
    "an inverse": lambda x: tnp.linalg.inv(x @ x.T + 9 * np.eye(2)),
    "zeros": lambda x: tnp.concat([x, tnp.zeros_like(x)]) * 2,
    "a padding": lambda x: tnp.pad(x, 1),
    "a flip": lambda x: tnp.flip(x, axis=1) * x,
    "a Fourier transform": lambda x: tnp.abs(tnp.fft.rfft(x)) ** 2,
    "a special function": lambda x: tnp.special.erf(x),
    "a quantile": lambda x: tnp.quantile(x, 0.3, axis=1),
    "one of each row": lambda x: pick(x, np.asarray([0, 2])),
    "a linspace": lambda x: tnp.linspace(x[0], x[1], 5),
    "a clip": lambda x: tnp.clip(x, -1, 2),
    "a take at places of the host": lambda x: tnp.take(x, np.asarray([0, 2, 2]), axis=1) ** 2,
    "a take along, at places in lists": lambda x: tnp.take_along_axis(x, [[1, 0], [2, 2]], axis=1) ** 2,
    "a sum where the host says": lambda x: tnp.sum(x * x, axis=0, where=np.asarray([[True], [False]])),
    "a choice of the host": lambda x: tnp.choose(np.asarray([0, 1, 0]), [x[0], x[1]]) * 2,
    "a deletion and an insertion": lambda x: tnp.insert(tnp.delete(x, [1], axis=1), 1, 2 * x[:, 0], axis=1),
    "an interpolation between numbers of the host": lambda x: tnp.interp(x, np.arange(5.0), np.arange(5.0) ** 2),
    "sums of bins": lambda x: tnp.bincount(np.asarray([0, 2, 2]), weights=x[0]) ** 2,
    "sums at places": lambda x: x.at[[0, 0]].add(x[1]) ** 2,
    "windows": lambda x: tnp.lib.stride_tricks.sliding_window_view(x[0], 2) ** 2,
    "a map of the host": lambda x: x @ pytest.importorskip("scipy.sparse").eye_array(3, 2, k=-1) * x[:, 1:],
}


@pytest.fixture(autouse=True)
def own_type():
    """The plug-in for array-api-strict is here."""
    if not {row.name: row.usable for row in tapegrad.list_backends()}.get("strict"):
        pytest.skip("no plug-in for array-api-strict is installed")


def there(values):
    return strict.asarray(values, dtype=strict.float64, device=SECOND)


def total(program):
    return lambda x: tnp.sum(program(x))


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_programs(program):
    found = tapegrad.grad(total(program))(there(X))
    assert found.device == SECOND
    wanted = tapegrad.grad(total(program))(np.asarray(X))
    np.testing.assert_allclose(tapegrad.get_backend("strict").to_numpy(found), wanted, rtol=1e-12)


def test_seeds_and_directions():
    x = there([1.0, 2.0])

    def f(x):
        return tnp.sum(x**3) + x[0] * x[1]

    for found in (
        tapegrad.hessian(f)(x),
        tapegrad.jacfwd(lambda x: x * x[0])(x),
        tapegrad.jacrev(lambda x: x * x[0])(x),
        tapegrad.jvp(f, (x,), (np.asarray([1.0, 0.0]),))[1],
        tapegrad.vjp(f, x)[1](1.0)[0],
        tapegrad.vmap(tapegrad.grad(lambda x: x * x * 2))(x),
    ):
        assert found.device == SECOND


def test_a_number_beside_an_array_goes_where_it_is():
    one, two = tapegrad.grad(lambda a, x: tnp.sum(a * x), argnums=(0, 1))(2.0, there([1.0, 2.0]))
    assert one == 3.0 and two.device == SECOND


def test_a_journey_to_the_host_comes_back():
    x = there([1.0, 2.0])
    assert tapegrad.grad(lambda x: tnp.sum(x.to("numpy") ** 2))(x).device == SECOND


def test_moves_between_devices():
    x = tnp.asarray(strict.asarray([1.0]))
    assert x.to("cpu(1)").device == "cpu(1)" and x.device == "cpu(0)"
    assert tapegrad.grad(lambda x: tnp.sum(x.to("cpu(1)") * there([2.0])))(strict.asarray([1.0])).device != SECOND


def test_variables_and_writes():
    x = handle(tnp.ndarray, there(X), None, tapegrad.get_backend("strict").kernels)
    x.attach_grad()
    with tapegrad.record():
        y = x * 1
        y[0, 1:] = 5.0
        y[:, 0] = np.asarray([1.0, 2.0])
        z = y * one_hot(tnp.asarray([0, 2]).to(("strict", "cpu(1)")), depth=3)
    z.backward(np.ones((2, 3)))
    assert x.grad.device == "cpu(1)"


def judged_there(target):
    """The target and its derivatives, both ways, with all its arrays on the second device."""
    kernels = tapegrad.get_backend("strict").kernels

    def moved(x):
        return kernels.backend.from_numpy(x, device="cpu(1)")

    for i, x in enumerate(target.args):
        if isinstance(x, np.ndarray) and i not in target.tracked:
            target.args[i] = handle(target.faces[i], moved(x), None, kernels)
    recording = target.record(kernels, [moved(x) for x in target.inputs()])
    seeds = [None if o._node is None else moved(np.ones(o.shape, o.dtype)) for o in recording.outs]
    tangents = recording.push([moved(np.ones(x.shape, x.dtype)) for x in target.inputs()])
    found = [*(o._value for o in recording.outs), *recording.pull(seeds), *tangents]
    assert {kernels.backend.device_of(x) for x in found} <= {"cpu(1)"}


@pytest.mark.parametrize("of", ["ops", "functions"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_whatever_there_is(of):
    if of == "ops":
        chosen = [(s.id, op, s) for op in judged_ops().values() for s in samples_of(op)[:1]]
    else:
        chosen = [(c.id, c.call, c) for name in FUNCTIONS for c in calls_of(name)]
    failed = []
    for name, call, sample in chosen:
        with tapegrad.use_backend("strict"), tapegrad.cpu(1), np.errstate(all="ignore"):
            try:
                judged_there(as_target(call, sample.arrays("float64"), sample.keywords, "float64"))
            except MissingExtraError:
                pass
            except Exception as error:
                failed.append(f"{name}: {type(error).__name__}: {error}")
    assert not failed


def test_two_devices_in_one_op_are_an_error_that_says_so():
    here, there = (
        tnp.asarray(strict.asarray([1.0, 2.0], device=device)) for device in (strict.Device("CPU_DEVICE"), SECOND)
    )
    with pytest.raises(MixedBackendsError, match=r"add\(.*device.*; move one with x.to_device"):
        here + there
    assert (here.to_device(there.device) + there).tolist() == [2.0, 4.0]
