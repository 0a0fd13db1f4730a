"""The CuPy engine: what can be known of it without a GPU, and, where there is one, the rest."""

import ast
import functools
import importlib
import inspect
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pytest

import tapegrad
from tapegrad.errors import BackendUnavailableError
from tapegrad.op import registered
from tapegrad.ops.special import FROM_SCIPY

cupy = pytest.importorskip("cupy", reason="the CuPy engine needs cupy")

PLUGIN = Path(importlib.import_module("tapegrad_cupy").__file__).parent
(ROW,) = (row for row in tapegrad.list_backends() if row.name == "cupy")
needs_gpu = pytest.mark.skipif(not ROW.usable, reason=ROW.reason or "")
OPS = {name: op.call for name, op in registered().items()}


# Without a GPU


def dotted(node):
    """The names in `a.b.c`, or None for anything else."""
    if isinstance(node, ast.Name):
        return (node.id,)
    front = dotted(node.value) if isinstance(node, ast.Attribute) else None
    return None if front is None else (*front, node.attr)


def uses(source, roots):
    """Each dotted name that begins at one of `roots`, with the keywords of the call if it is called."""
    tree = ast.parse(source)
    called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        name = dotted(node) if isinstance(node, ast.Attribute) and id(node) not in inner else None
        root = next((n for n in (1, 2) if name and ".".join(name[:n]) in roots), None)
        if root is not None:
            call = called.get(id(node))
            keywords = [k.arg for k in call.keywords if k.arg] if call else []
            yield ".".join(name[:root]), name[root:], keywords


def accepts(function, keywords):
    if not keywords:
        return True
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:
        return True  # compiled, and does not say
    any_keyword = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return any_keyword or all(k in parameters for k in keywords)


FILES = {path.name: path.read_text(encoding="utf-8") for path in PLUGIN.glob("*.py")}


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_function_and_keyword_that_the_plugin_uses_is_cupys(name):
    import cupyx
    import cupyx.scipy.special as special

    roots = {"cupy": cupy, "cupyx": cupyx, "special": special, "self.module": cupy}
    found = list(uses(FILES[name], roots))
    assert found
    for root, path, keywords in found:
        function = functools.reduce(getattr, path, roots[root])
        assert accepts(function, keywords), (path, keywords)


def test_every_special_function_is_cupys():
    import cupyx.scipy.special as special

    from tapegrad_cupy.kernels import KERNELS

    assert all(callable(getattr(special, name)) for name in FROM_SCIPY)
    assert set(KERNELS) <= set(OPS)


@pytest.mark.parametrize("op", [op for op in registered().values() if op.primitive], ids=lambda op: op.name)
def test_every_function_and_keyword_that_a_primitive_uses_is_in_the_namespace(op):
    from tapegrad_cupy.kernels import KERNELS

    if op.name in KERNELS:
        return  # its body is for other engines
    namespace = importlib.import_module("array_api_compat.cupy")
    function = ast.parse(textwrap.dedent(inspect.getsource(op.body))).body[0]
    function.decorator_list = []  # formulas are composed of ops
    for _, path, keywords in uses(ast.unparse(function), {"xp"}):
        if path[0] in OPS and not hasattr(namespace, path[0]):
            continue  # composed of ops after all
        if path[0] in ("filled", "isdtype", "finfo", "backend", "beside"):
            continue  # the kernel table's own
        assert accepts(functools.reduce(getattr, path, namespace), keywords), (path, keywords)


def test_the_search_would_find_what_is_wrong():
    source = "cupy.zeroes(3)\ncupy.sum(x, axes=1)\nself.module.cuda.Device(0)"
    found = list(uses(source, {"cupy", "self.module"}))
    assert found == [("cupy", ("zeroes",), []), ("cupy", ("sum",), ["axes"]), ("self.module", ("cuda", "Device"), [])]
    assert not accepts(cupy.sum, ["axes"]) and accepts(cupy.sum, ["axis"])


def test_on_a_stand_in_every_op_has_numpys_values_and_gradients():
    """NumPy under CuPy's names, as strict as CuPy about arrays of the host: see `stand_in.py`."""
    pytest.importorskip("scipy", reason="the stand-in has SciPy's special functions for CuPy's")
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("stand_in.py")], capture_output=True, text=True, check=True
    )
    *wrong, last = done.stdout.splitlines()
    assert not wrong
    assert int(last.split()[-1]) > 1000


@pytest.mark.skipif(ROW.usable, reason="this machine has a GPU")
def test_without_a_gpu_it_says_so():
    assert ROW.reason.startswith("backend 'cupy' finds no GPU: ")
    with pytest.raises(BackendUnavailableError, match="needs an NVIDIA GPU and its driver"):
        tapegrad.get_backend("cupy")


# With a GPU


@needs_gpu
def test_gradients_are_numpys():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((3, 4)).astype("f"), rng.standard_normal((4, 3)).astype("f")

    def loss(x, w):
        h = OPS["tanh"](x @ w)
        return OPS["sum"](h[:, np.array([0, 2, 2])] * OPS["erf"](h))

    found = tapegrad.grad(loss, argnums=(0, 1))(cupy.asarray(x), cupy.asarray(w))
    for a, b in zip(found, tapegrad.grad(loss, argnums=(0, 1))(x, w), strict=True):
        assert isinstance(a, cupy.ndarray)
        np.testing.assert_allclose(cupy.asnumpy(a), b, rtol=1e-5, atol=1e-6)


@needs_gpu
def test_work_goes_to_the_current_stream():
    x = cupy.ones((1000, 1000), dtype="float32")
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        found = tapegrad.grad(lambda x: OPS["sum"](x @ x))(x)
    stream.synchronize()
    np.testing.assert_allclose(cupy.asnumpy(found[0, :3]), [2000.0] * 3)


@needs_gpu
def test_compiled_programs_are_kernels_and_graphs(monkeypatch):
    monkeypatch.setenv("TAPEGRAD_NATIVE", "1")
    x = cupy.linspace(0, 1, 48, dtype="float32").reshape(6, 8)

    def step(x):
        for _ in range(4):
            x = OPS["tanh"](x @ x.mT @ x) / OPS["sum"](x * x + 1, axis=-1, keepdims=True)
        return x

    program = tapegrad.compile(step)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for k in (1, 2, 3):
            np.testing.assert_allclose(cupy.asnumpy(program(x * k)), cupy.asnumpy(step(x * k)), rtol=1e-5)
    assert "f_graph" in program.explain() and "__global__" in program.explain(code=True)


@needs_gpu
def test_dlpack_both_ways():
    x = OPS["positive"](cupy.arange(3.0))
    assert cupy.from_dlpack(x._value).tolist() == [0.0, 1.0, 2.0]
    assert x.to("numpy").to("cupy").asnumpy().tolist() == [0.0, 1.0, 2.0]


@needs_gpu
def test_arrays_stay_on_their_device():
    backend = tapegrad.get_backend("cupy")
    last = backend.devices()[-1]
    raw = backend.from_numpy(np.ones(3), device=last)
    assert backend.device_of(raw) == last
    assert backend.device_of(backend.to_device(raw, "gpu(0)")) == "gpu(0)"
    backend.synchronize()


@needs_gpu
def test_repeated_indices_add_up():
    found = tapegrad.grad(lambda x: OPS["sum"](x[np.array([1, 1, 1, 0])]))(cupy.zeros(3, dtype="float32"))
    assert found.tolist() == [1.0, 3.0, 0.0]
