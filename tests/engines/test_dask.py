"""The Dask engine: gradients are graphs, nothing is computed that was not asked for, and chunks are kept."""

import subprocess
import sys

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.errors import BackendError, DynamicShapeError, ShapeError
from tapegrad.testing.conformance import judge_op

da = pytest.importorskip("dask.array", reason="the Dask engine needs dask")
if not {row.name: row.usable for row in tapegrad.list_backends()}.get("dask"):
    pytest.skip("the plug-in for dask is not installed", allow_module_level=True)

dask = pytest.importorskip("dask", reason="the Dask engine needs dask")
larger_than_memory = pytest.importorskip("larger_than_memory", reason="the example needs dask")
kernels = pytest.importorskip("tapegrad_dask.kernels", reason="the Dask engine needs dask")

X = np.random.default_rng(0).standard_normal((6, 4))
CHUNKS = (2, 3)


class Computations:
    """Counts how often a graph is run, within it."""

    def __enter__(self):
        from dask.callbacks import Callback

        self.count = 0

        def begin(graph):
            self.count += 1

        self.callback = Callback(start=begin)
        self.callback.register()
        return self

    def __exit__(self, *error):
        self.callback.unregister()


PROGRAMS = {
    "a product": lambda x: tnp.sum(tnp.tanh(x @ x.T)),
    "slices": lambda x: tnp.sum(x[1:] * x[:-1]) + tnp.sum(x[::-2, 1] ** 2),
    "an index array": lambda x: tnp.sum(x[[0, 2, 2]] ** 2) + tnp.sum(x[[1, -1], [0, 3]]),
    "extremes": lambda x: tnp.max(x) + tnp.sum(tnp.min(x, axis=1)) + tnp.sum(tnp.maximum(x, 0.5)),
    "a norm": lambda x: tnp.linalg.norm(x) + tnp.std(x),
    "an order": lambda x: tnp.sum(tnp.sort(x, axis=0)[:2]) + tnp.sum(tnp.cumulative_prod(x, axis=1)),
    "a factorisation": lambda x: tnp.sum(tnp.linalg.inv(x.T @ x)),
    "a special function": lambda x: tnp.sum(tnp.special.erf(x)),
    "a mean of squares where they are large": lambda x: tnp.mean(tnp.where(x > 0, x * x, x)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_are_lazy_and_in_the_chunks_of_their_inputs(name):
    program = PROGRAMS[name]
    x = da.from_array(X, chunks=CHUNKS)
    with Computations() as computations:
        value, gradient = tapegrad.value_and_grad(program)(x)
    assert computations.count == 0
    assert isinstance(gradient, da.Array) and gradient.chunks == x.chunks
    wanted_value, wanted = tapegrad.value_and_grad(program)(X)
    np.testing.assert_allclose(gradient.compute(scheduler="synchronous"), wanted, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(value.compute(scheduler="synchronous"), wanted_value, rtol=1e-12)


@pytest.mark.parametrize("program", [larger_than_memory.total, larger_than_memory.loss], ids=["sum", "regression"])
def test_a_backward_pass_adds_no_more_tasks_than_twice_the_forwards(program):
    arrays = larger_than_memory.data(0.001, 0.02)[: 1 if program is larger_than_memory.total else 2]
    value, gradient = tapegrad.value_and_grad(program)(da.ones(larger_than_memory.FEATURES), *arrays)
    for optimized in (False, True):
        both = dask.optimize(value, gradient) if optimized else (value, gradient)
        forward = len(dict(dask.optimize(value)[0].dask if optimized else value.dask))
        assert len({**both[0].dask, **both[1].dask}) <= 3 * forward


def test_the_example_computes_what_numpy_does():
    data = larger_than_memory.data(0.001, 0.1)
    found = larger_than_memory.run(*data, steps=2)
    x, y = (part.compute() for part in data)
    w = np.full(larger_than_memory.FEATURES, 0.01)
    np.testing.assert_allclose(found["slope"], tapegrad.grad(larger_than_memory.total)(w, x), rtol=1e-9)
    value, _ = tapegrad.value_and_grad(larger_than_memory.loss)(w, x, y)
    np.testing.assert_allclose(found["losses"][0], value, rtol=1e-12)
    assert found["losses"][1] < found["losses"][0]


@pytest.mark.slow
def test_a_cluster_gives_the_same_bits_though_a_worker_is_killed():
    pytest.importorskip("distributed", reason="a cluster needs distributed: see the extra `dask`")
    command = [sys.executable, larger_than_memory.__file__, "--gigabytes", "0.04", "--chunk", "1"]
    alone, cluster = (
        subprocess.run([*command, *options], capture_output=True, text=True, check=True)
        for options in ([], ["--workers", "2", "--kill", "0.3"])
    )
    assert "Restarting worker" in cluster.stderr
    told = [done.stdout.splitlines()[1:4] for done in (alone, cluster)]
    assert told[0] == told[1] and told[0][0].startswith("slope")


def test_what_a_cluster_cannot_compute_is_one_of_our_errors():
    error = type("KilledWorker", (Exception,), {"__module__": "distributed.scheduler"})("4 workers died")

    def fail(*args):
        raise error

    x = tnp.asarray(da.ones(2))
    with dask.config.set(scheduler=fail), pytest.raises(BackendError, match=r"has not computed .*: KilledWorker: 4"):
        x.asnumpy()


def test_second_derivatives_are_lazy_too():
    x = da.from_array(X[0], chunks=2)
    with Computations() as computations:
        found = tapegrad.hessian(lambda x: tnp.sum(x**3))(x)
    assert computations.count == 0
    np.testing.assert_allclose(found.compute(scheduler="synchronous"), np.diag(6 * X[0]))


def test_unknown_chunk_sizes_are_refused_by_name():
    x = da.from_array(X, chunks=CHUNKS)
    unknown = x[x[:, 0] > 0]
    with pytest.raises(ShapeError, match=rf"{unknown.name} has chunks of unknown sizes.*compute_chunk_sizes"):
        tapegrad.grad(lambda x: tnp.sum(x))(unknown)
    with pytest.raises(DynamicShapeError, match=r"true_places\(\) has a result whose length is known only once"):
        tnp.asarray(x)[x > 0]
    with pytest.raises(DynamicShapeError, match=r"unique_all\(\) has a result"):
        tnp.unique_all(tnp.asarray(x))


def test_the_largest_of_each_of_no_rows():
    assert tnp.max(da.zeros((0, 2)), axis=1).shape == (0,)


def test_an_index_beyond_the_end_is_found_when_it_is_read():
    x = tnp.asarray(da.from_array(X[0], chunks=2))
    read = x[[0, 9]]
    with pytest.raises(IndexError, match="out of bounds for an axis of 4"):
        read.asnumpy()


@pytest.mark.parametrize("name", ["getitem", "take", "sum", "matmul", "flip"])
def test_ops(name):
    checks = judge_op("dask", name, quick=True, dtypes=["float32"])
    assert checks and not [check for check in checks if check.failed]


def test_a_task_over_all_of_an_array_costs_nothing_before_it_runs(monkeypatch):
    """To find the shape of its result, NumPy's kernel runs on stand-ins of the array."""
    sizes, run = [], kernels._on_numpy

    def noting(name, keywords, *arrays):
        sizes.extend(x.size for x in arrays)
        return run(name, keywords, *arrays)

    monkeypatch.setattr(kernels, "_on_numpy", noting)
    x = tnp.asarray(da.zeros((3001, 20000), chunks=(3001, 5000)))
    for made, shape in ((tnp.sort(x, axis=1), (3001, 20000)), (tnp.linalg.svdvals(x), (3001,))):
        assert made.shape == shape and made._value.numblocks == (1,) * len(shape)
    assert tnp.linalg.qr(x)[1].shape == (3001, 20000) and max(sizes) < 10
    with pytest.raises(ShapeError, match=r"cholesky.* not shape \(3001, 20000\)"):
        tnp.linalg.cholesky(x)


def test_small_arrays_of_one_chunk_take_one_task_an_op():
    x = tnp.asarray(da.from_array(X))
    assert len(dict(tnp.var(x, axis=1)._value.dask)) == 2  # the array's own, and one more
    chunked = tnp.var(tnp.asarray(da.from_array(X, chunks=CHUNKS)), axis=1)
    assert len(dict(chunked._value.dask)) > 10
    np.testing.assert_allclose(chunked.asnumpy(), np.var(X, axis=1))


def test_moves():
    x = tnp.asarray(X)
    y = x.to("dask")
    assert isinstance(y._value, da.Array)
    assert tapegrad.grad(lambda x: tnp.sum(x.to("dask") ** 2))(X).tolist() == (2 * X).tolist()
