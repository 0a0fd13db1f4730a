"""The core asks no more of an engine than docs/add-an-engine.md says: it works on one that has nothing else."""

import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.engines import registry
from tapegrad.engines.registry import _declared
from tapegrad.errors import BackendError, BoundsError, DtypeError, LinAlgError, ShapeError
from tapegrad.testing.conformance import judge_op

FOLDER = Path(__file__).parents[1] / "plugin" / "minimal"
POINT = EntryPoint("minimal", "tapegrad_minimal", "tapegrad.backends")


@pytest.fixture(scope="module", autouse=True)
def plugin():
    """The plug-in is importable and declared, in a registry that is put in the place of the usual one."""
    sys.path.insert(0, str(FOLDER))
    patch = pytest.MonkeyPatch()
    patch.setattr(registry, "_registry", registry.Registry(lambda: [*_declared(), POINT], {}))
    yield
    patch.undo()
    sys.path.remove(str(FOLDER))


@pytest.fixture
def engine(plugin):
    import minimalengine

    return minimalengine


@pytest.fixture
def backend(plugin):
    return tapegrad.get_backend("minimal")


def raw(values, dtype="float32"):
    return tapegrad.get_backend("minimal").from_numpy(np.asarray(values, dtype))


def host(x):
    return tapegrad.get_backend("minimal").to_numpy(x)


def looks_of(engine, function, *args):
    before = next(engine.LOOKS)
    function(*args)
    return next(engine.LOOKS) - before - 1


OPS = re.findall(
    r"\w+",
    """
    add divide where astype filled positions getitem scatter_add setitem flip roll take sort argsort topk
    searchsorted argmax argmin cumulative_sum cumulative_prod prod max median unique_values nonzero matmul sum_pool
    logsumexp std hypot maximum inv pad split concat
    """,
)


@pytest.mark.parametrize("name", OPS)
def test_ops(name, plugin):
    checks = judge_op("minimal", name, quick=True)
    assert checks and not [check for check in checks if check.failed]


@pytest.mark.parametrize(
    "program",
    [
        lambda x: tnp.sum(x[1:] ** 2),
        lambda x: tnp.sum(tnp.tanh(x[::2] * x[-2:]) / 3),
        lambda x: tnp.logaddexp(x[0], x[1]) + tnp.mean(tnp.stack([x, tnp.flip(x)])),
        lambda x: tnp.sum(tnp.where(x > 2, x, -x) @ tnp.reshape(x, (4, 1))),
    ],
)
def test_gradients_look_at_no_number(engine, program):
    assert looks_of(engine, tapegrad.grad(program), raw([1.0, 2.0, 3.0, 4.0])) == 0


def test_slices_are_differentiated_by_padding(engine):
    x = raw(np.arange(12.0).reshape(3, 4))
    found = tapegrad.grad(lambda x: tnp.sum(x[2:0:-1, ::3] * np.asarray([[1, 2], [3, 4]], "float32")))(x)
    assert host(found).tolist() == [[0, 0, 0, 0], [3, 0, 0, 4], [1, 0, 0, 2]]


def test_a_write_at_a_slice_needs_no_places(engine):
    def f(x):
        y = x * 1
        y[1:3] = 7.0
        return tnp.sum(y * y)

    assert looks_of(engine, tapegrad.grad(f), raw([1.0, 2.0, 3.0, 4.0])) == 0
    assert host(tapegrad.grad(f)(raw([1.0, 2.0, 3.0, 4.0]))).tolist() == [2, 0, 0, 8]


def test_strides_of_the_host_do_not_matter():
    values = np.arange(6.0, dtype="float32").reshape(2, 3)
    for laid in (values[::-1, ::-1], values.T, values[:, ::2]):
        with tapegrad.use_backend("minimal"):
            assert tnp.asarray(laid).asnumpy().tolist() == laid.tolist()


def test_what_is_not_differentiated_may_stand_first():
    """The engine's operators raise where Python expects them to give way."""
    x, w = raw([[1.0, 2.0]]), raw([[3.0], [4.0]])
    value, gradient = tapegrad.value_and_grad(lambda w, x, scale: tnp.sum(scale["by"] * (x @ w)))(
        w, x, {"by": raw(2.0)}
    )
    assert host(value) == 22 and host(gradient).tolist() == [[2.0], [4.0]]


@pytest.mark.parametrize("engine_gives_way", [("numpy", True), ("minimal", False), ("strict", False), ("jax", True)])
def test_who_gives_way(engine_gives_way):
    name, gives_way = engine_gives_way
    try:
        found = tapegrad.get_backend(name)
    except BackendError as error:
        pytest.skip(str(error))
    assert found.defers is gives_way


def test_a_compiled_program_is_repeated():
    """Its arrays have neither `size` nor `item`, and data that are not differentiated stand first in a product."""
    step = tapegrad.compile(tapegrad.value_and_grad(lambda w, x: tnp.mean(tnp.tanh(x @ w)[:, 1:] ** 2) / 3))
    x, w = raw([[1.0, 2.0], [3.0, 4.0]]), raw([[0.1, 0.2], [0.3, 0.4]])
    found = [host(step(w, x)[1]).tolist() for _ in range(3)]
    assert "runs eagerly" not in step.explain() and "mean" in step.explain()
    assert found == [host(step.__wrapped__(w, x)[1]).tolist()] * 3


# What it has not got


def test_what_is_missing_is_listed(backend):
    missing = backend.missing()
    assert {"argsort", "linalg.qr", "fft.rfft", "unique_all", "hypot"} <= {*missing}
    assert not {"searchsorted", "sin", "matmul"} & {*missing}
    (row,) = [row for row in tapegrad.list_backends() if row.name == "minimal"]
    assert row.usable and row.on_the_host == tuple(missing) and row.version == "0.1"


def test_missing_functions_are_the_hosts():
    x = raw([[2.0, 0.0], [1.0, 4.0]])
    found = tapegrad.grad(lambda x: tnp.sum(tnp.linalg.inv(x)))(x)
    np.testing.assert_allclose(host(found), tapegrad.grad(lambda x: tnp.sum(tnp.linalg.inv(x)))(host(x)), rtol=1e-6)


def test_a_function_without_its_own_kernel_is_no_circle(engine, monkeypatch, backend):
    monkeypatch.delattr(engine, "searchsorted")
    monkeypatch.setattr(backend, "kernels", type(backend.kernels)(backend))
    assert tnp.searchsorted(tnp.asarray(raw([1.0, 2.0, 3.0])), tnp.asarray(raw([2.5]))).tolist() == [2]


def test_a_dtype_that_is_not_there():
    with pytest.raises(DtypeError, match="backend 'minimal' has no dtype float64") as caught:
        tnp.asarray(raw([1.0])).astype("float64")
    assert caught.value.lacking == "float64"


def test_what_is_there_in_name_only(engine):
    import tapegrad_minimal

    lacks = {"int8": "its bits are loose", "sinh": "it is cosh"}
    candid = type("Candid", (tapegrad_minimal.MinimalBackend,), {"lacks": lacks})()
    x = candid.from_numpy(np.ones(2, "float32"))
    assert candid.kernels.sinh(x)._hidden.tolist() == np.sinh(np.ones(2, "float32")).tolist()
    assert (
        "sinh" in candid.kernels.hosted
        and {"sinh", "linalg.qr"} <= {*candid.missing()}
        and "cosh" not in candid.missing()
    )
    with pytest.raises(DtypeError, match="no dtype int8, since its bits are loose; choose another"):
        candid.native_dtype("int8")
    with pytest.raises(DtypeError, match=r"takes no arrays of minimalengine\.int8: its bits are loose"):
        candid.dtype_of(engine.asarray([1], dtype=engine.int8))


def test_linear_algebra_of_real_numbers_alone(engine, monkeypatch, backend):
    def solve(a, b):
        if "complex" in repr(a.dtype):
            raise engine.MinimalError("arrays must be real")
        return engine.asarray(np.linalg.solve(a._hidden, b._hidden), dtype=a.dtype)

    monkeypatch.setattr(engine, "linalg", SimpleNamespace(solve=solve), raising=False)
    monkeypatch.setattr(backend, "kernels", type(backend.kernels)(backend))
    for dtype in ("float32", "complex64"):
        a, b = tnp.asarray(raw([[2.0, 0.0], [0.0, 4.0]], dtype)), tnp.asarray(raw([1.0, 2.0], dtype))
        assert tnp.linalg.solve(a, b).tolist() == [0.5, 0.5]
        with pytest.raises(LinAlgError):
            tnp.linalg.solve(a * 0, b)


def test_arrays_that_do_not_say_where_they_are(engine, monkeypatch):
    info = SimpleNamespace(devices=lambda: ["cpu, one", "cpu, two"])
    monkeypatch.setattr(engine, "__array_namespace_info__", lambda: info, raising=False)
    backend, x = type(tapegrad.get_backend("minimal"))(), raw([1.0])
    assert backend.device_of(x) == "cpu(0)" and backend.to_device(x, "cpu(1)") is x


def test_a_dtype_that_nobody_knows(engine, backend):
    x = raw([1.0])
    strange = type("Strange", (), {"dtype": engine.DType("bfloat16")})()
    with pytest.raises(DtypeError, match=r"minimalengine\.bfloat16.*let the plug-in's `dtypes` say which"):
        backend.dtype_of(strange)
    assert backend.dtype_of(x) == "float32"


# Errors


def test_errors_are_told_as_the_plugin_says(engine):
    x, y = tnp.asarray(raw([1.0, 2.0])), tnp.asarray(raw([1.0, 2.0, 3.0]))
    with pytest.raises(ShapeError, match=r"multiply\(\(2,\), \(3,\)\): operands could not") as caught:
        x * y
    assert isinstance(caught.value.__cause__, engine.ShapeMismatch)


def test_an_engines_own_error_is_typed_all_the_same(monkeypatch, engine):
    def broken(x):
        raise engine.MinimalError("the abacus is jammed")

    x = tnp.asarray(raw([1.0]))
    monkeypatch.setattr(engine, "sinh", broken)
    with pytest.raises(BackendError, match=r"sinh\(\(1,\)\): the abacus is jammed"):
        tnp.sinh(x)


def test_a_matrix_without_an_inverse():
    with pytest.raises(LinAlgError, match=r"inv\(\(2, 2\)\): Singular matrix") as caught:
        tnp.linalg.inv(tnp.asarray(raw(np.zeros((2, 2)))))
    assert isinstance(caught.value, np.linalg.LinAlgError) and isinstance(caught.value, ValueError)


def test_an_index_beyond_the_end():
    with pytest.raises(BoundsError):
        tnp.asarray(raw([1.0, 2.0]))[5]


# Plug-ins


def test_an_engine_whose_name_has_a_dot(engine, monkeypatch):
    outer = ModuleType("outerpackage")
    outer.__version__ = "7.2"
    outer.inner = inner = ModuleType("outerpackage.inner")
    inner.__dict__.update({k: v for k, v in vars(engine).items() if k != "__version__"})
    monkeypatch.setitem(sys.modules, "outerpackage", outer)
    monkeypatch.setitem(sys.modules, "outerpackage.inner", inner)
    dotted = type("Dotted", (tapegrad.Backend,), {"name": "dotted", "engine": "outerpackage.inner"})()
    assert dotted.namespace is inner and dotted.version() == "7.2"
    assert dotted.to_numpy(dotted.from_numpy(np.ones((2, 1), "float32"))).tolist() == [[1.0], [1.0]]


def test_an_engine_that_is_an_attribute_of_its_package(engine, monkeypatch):
    monkeypatch.setitem(sys.modules, "lazypackage", SimpleNamespace(space=engine))
    lazy = type("Lazy", (tapegrad.Backend,), {"name": "lazy", "engine": "lazypackage.space"})()
    assert lazy.namespace is engine and lazy.from_numpy(np.ones(2, "float32")).shape == (2,)
    absent = type("Absent", (tapegrad.Backend,), {"name": "absent", "engine": "lazypackage.nothing"})()
    with pytest.raises(BackendError, match=r"needs 'lazypackage\.nothing': pip install lazypackage"):
        _ = absent.module


def test_a_way_to_the_host_that_loses_numbers_is_refused(plugin):
    import tapegrad_minimal

    class Lossy(tapegrad_minimal.MinimalBackend):
        def to_numpy(self, raw):
            return np.asarray(raw, dtype=object)

    with pytest.raises(BackendError, match=r"comes back from the engine as .*the plug-in must give to_numpy"):
        registry.Registry(lambda: [], {})._start(Lossy)


def test_the_command_lists_what_is_missing(plugin):
    from tapegrad.tools.cli import app

    done = CliRunner().invoke(app, ["conformance", "minimal", "--missing", "--ops", "svd,argsort,add,median"])
    assert done.exit_code == 0, done.output
    lines = dict(line.split(maxsplit=1) for line in done.output.splitlines()[1:])
    assert lines["linalg.svd"] == "svd" and lines["argsort"].startswith("argsort") and "add" not in done.output.split()
    done = CliRunner().invoke(app, ["conformance", "minimal", "--missing", "--ops", "add,flip"])
    assert done.output == "minimal lacks nothing that these ops are built on\n"


# An engine that fails


class Wordless(Exception):
    """An error that cannot even be shown."""

    def __str__(self):
        raise RuntimeError("no words")


def summed(x):
    return tnp.sum(tnp.tanh(x[:, ::2] * 2) @ tnp.sort(x, axis=0)[:, :2]) + tnp.mean(x) ** 2


def backward(x):
    variable = tnp.asarray(x)
    variable.attach_grad()
    with tapegrad.record():
        y = summed(variable)
    y.backward()
    return variable.grad


BREAKING = {
    "out of time in a gradient": (TimeoutError("no answer"), tapegrad.grad(summed)),
    "its own in a batch": (None, tapegrad.vmap(tapegrad.grad(lambda row: tnp.sum(tnp.exp(row) * row[0])))),
    "wordless in a backward": (Wordless(), backward),
}


@pytest.mark.parametrize(("error", "program"), BREAKING.values(), ids=BREAKING)
def test_whatever_breaks_at_any_step_is_typed_and_leaves_nothing(engine, monkeypatch, error, program):
    error = error or engine.MinimalError("the abacus is jammed")
    x, run, steps = raw([[1.0, 3.0, 2.0], [4.0, -5.0, 0.5]]), engine._run, [0]

    def looked_at():
        return tnp.asarray(program(x)).asnumpy().tolist()

    def failing_at(step):
        def failing(function, *args, **keywords):
            steps[0] += 1
            if steps[0] == step:
                raise error
            return run(function, *args, **keywords)

        steps[0] = 0
        return failing

    wanted = looked_at()
    monkeypatch.setattr(engine, "_run", failing_at(-1))
    looked_at()
    total, typed = steps[0], 0
    for step in range(1, total + 1):
        monkeypatch.setattr(engine, "_run", failing_at(step))
        try:
            assert looked_at() == wanted  # it was another way that was tried first
        except BackendError as caught:
            assert caught.__cause__ is error
            typed += 1
        monkeypatch.setattr(engine, "_run", run)
        assert looked_at() == wanted and not tapegrad.autograd.is_recording()
    assert typed > 0.9 * total


def test_an_array_of_the_host_in_the_place_of_its_own_is_refused(engine, monkeypatch):
    x, run = tnp.asarray(raw([[1.0, 3.0], [4.0, -5.0]])), engine._run

    def lying(function, *args, **keywords):
        return host(run(function, *args, **keywords))

    monkeypatch.setattr(engine, "_run", lying)
    with pytest.raises(BackendError, match="gave an array of NumPy's float32 in the place of one of its own"):
        x @ x
