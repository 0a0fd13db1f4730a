"""What the docstrings say is so: every example runs, and every public name has its meaning in a line."""

import doctest
import importlib
import inspect
import pkgutil
import re
from dataclasses import replace
from pathlib import Path

import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import nd
from tapegrad.engines.tables import OPS
from tapegrad.ndarray.function import exported
from tapegrad.numpy.info import Kind
from tapegrad.op.words import explained

MODULES = sorted(
    name
    for _, name, _ in pkgutil.walk_packages(tapegrad.__path__, "tapegrad.")
    # The command line and pytest's plug-in need libraries of their own; a suite is tests, not a thing to import.
    if (not name.endswith("__main__") and not name.startswith(("tapegrad.tools.cli", "tapegrad.testing.")))
    or name in ("tapegrad.testing.checks", "tapegrad.testing.grads", "tapegrad.testing.conformance")
)

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

EXPLAINED = [
    "tapegrad",
    "tapegrad.autograd",
    "tapegrad.context",
    "tapegrad.contrib.autograd",
    "tapegrad.errors",
    "tapegrad.ndarray.files",
    "tapegrad.ndarray.ndarray",
    "tapegrad.ndarray.random",
    "tapegrad.numpy.beyond",
    "tapegrad.numpy.bound",
    "tapegrad.numpy.creation",
    "tapegrad.numpy.fft",
    "tapegrad.numpy.grids",
    "tapegrad.numpy.info",
    "tapegrad.numpy.linalg",
    "tapegrad.numpy.manipulation",
    "tapegrad.numpy.pointwise",
    "tapegrad.numpy.polynomials",
    "tapegrad.numpy.products",
    "tapegrad.numpy.random",
    "tapegrad.numpy.reductions",
    "tapegrad.numpy.searching",
    "tapegrad.numpy.special",
    "tapegrad.ops.activations",
    "tapegrad.ops.contraction",
    "tapegrad.ops.conventions",
    "tapegrad.ops.creation",
    "tapegrad.ops.cumulative",
    "tapegrad.ops.diagonals",
    "tapegrad.ops.elementwise",
    "tapegrad.ops.fft",
    "tapegrad.ops.indexing",
    "tapegrad.ops.linalg",
    "tapegrad.ops.nn",
    "tapegrad.ops.reductions",
    "tapegrad.operator",
    "tapegrad.ops.shape",
    "tapegrad.ops.sorting",
    "tapegrad.ops.special",
    "tapegrad.random",
    "tapegrad.testing",
]
"""The modules whose public functions and classes all have an example, and say what they take and raise.

Of the modules of ops these are the ops.
"""

NO_ARRAYS = {
    *("tapegrad.context", "tapegrad.dtypes", "tapegrad.errors", "tapegrad.engines.registry", "tapegrad.tape.mode"),
    *("tapegrad.Spec", "tapegrad.contrib.autograd.set_is_training", "tapegrad.detect_anomaly"),
    *("tapegrad.contrib.autograd.test_section", "tapegrad.contrib.autograd.train_section"),
    *("tapegrad.operator.get_all_registered_operators", "tapegrad.random.seed", "tapegrad.testing.GradientError"),
    "tapegrad.ndarray.ndarray.waitall",
    *(f"tapegrad.numpy.bound.{name}" for name in ("Namespace", "namespace_for", "namespace_of")),
    "tapegrad.numpy.info.__array_namespace_info__",
    "tapegrad.numpy.random.seed",
    "tapegrad.numpy.manipulation.broadcast_shapes",
}
"""Public names, and whole modules, that take no arrays and give none, so that there is nothing to say of shapes."""


@pytest.fixture
def fresh():
    """The state that an example may change, put back: the backend and the dtype of new arrays."""
    backend, dtype = tapegrad.get_backend(), tapegrad.get_default_dtype()
    yield
    tapegrad.set_backend(backend)
    tapegrad.set_default_dtype(dtype)


@pytest.mark.parametrize("name", ["tapegrad", *MODULES])
def test_examples_run(name, fresh):
    found = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert found.failed == 0


def test_examples_on_the_page_of_transforms_run(fresh):
    page = Path(__file__).parents[1] / "docs" / "transforms.md"
    blocks = re.findall(r"^```pycon\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    example = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page.name, str(page), 0)
    assert doctest.DocTestRunner(optionflags=FLAGS).run(example).failed == 0


@pytest.mark.parametrize("name", sorted(name for name, op in OPS.items() if op.module.startswith("tapegrad.")))
def test_examples_of_ops_run(name, fresh):
    # The function of an op has globals of its own, so that doctest does not take it for its module's.
    example = doctest.DocTestParser().get_doctest(OPS[name].call.__doc__, {}, name, OPS[name].module, 0)
    assert doctest.DocTestRunner(optionflags=FLAGS).run(example).failed == 0


@pytest.mark.parametrize("name", ["tapegrad", *MODULES])
def test_public_names_exist_and_say_what_they_are(name):
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip(), "the module"
    for public in getattr(module, "__all__", ()):
        value = getattr(module, public)
        if inspect.isroutine(value) or inspect.isclass(value):
            assert (inspect.getdoc(value) or "").strip(), public


def functions_and_classes(module):
    """The public names of a module that are its to explain."""
    if module.startswith("tapegrad.ops."):
        yield from ((name, op.call) for name, op in OPS.items() if op.module == module)
        return
    for name in importlib.import_module(module).__all__:
        value = getattr(importlib.import_module(module), name)
        if (inspect.isroutine(value) or inspect.isclass(value)) and not is_of_numpy(value):
            yield name, value


def is_of_numpy(value):
    """Whether a public name is NumPy's own, such as `errstate`, or stands for a dtype."""
    return value.__module__.partition(".")[0] == "numpy" or isinstance(value, Kind)


@pytest.mark.parametrize("module", EXPLAINED)
def test_public_names_explain_themselves(module):
    missing = []
    for name, value in functions_and_classes(module):
        doc = inspect.getdoc(value) or ""
        short = {f"{module}.{name}", value.__module__} & NO_ARRAYS
        wanted = [">>>"] if short else [">>>", "Shapes:", "Dtypes:", "Raises:"]
        missing += [f"{name} {word}" for word in wanted if word not in doc]
    assert not missing


def test_all_of_nd_explains_itself():
    """By name, so that a module of `nd` that is added is held to it as well."""
    spaces = (nd, nd.op, nd.linalg, nd.contrib, nd.random)
    own = {
        f"{space.__name__}.{name}": inspect.getdoc(value) or ""
        for space in spaces
        for name, value in inspect.getmembers(space)
        if (inspect.isroutine(value) or inspect.isclass(value)) and name[0] != "_" and is_of_nd(space, name, value)
    }
    assert len(own) > 600
    no_arrays = {"tapegrad.ndarray.waitall"}
    words = ("Shapes:", "Dtypes:", "Raises:")
    assert not [name for name, said in own.items() if ">>>" not in said]
    assert not [(name, word) for name in own.keys() - no_arrays for word in words if word not in own[name]]


def is_of_nd(space, name, value):
    """Whether a name in a namespace of `nd` is public, and MXNet's to explain."""
    of_nd = value.__module__.startswith("tapegrad.ndarray.")
    return of_nd and (
        name in exported(space) or name in getattr(space, "__all__", ()) or (space is nd and name != "bind")
    )


def test_all_of_the_standard_face_explains_itself():
    """By name, so that a module of `tapegrad.numpy` that is added is held to it as well."""
    spaces = (tnp, tnp.fft, tnp.linalg, tnp.random, tnp.special)
    public = [(f"{space.__name__}.{name}", getattr(space, name)) for space in spaces for name in space.__all__]
    own = {
        name: inspect.getdoc(value) or ""
        for name, value in public
        if inspect.isroutine(value) and not is_of_numpy(value)
    }
    assert len(own) > 425
    no_arrays = {f"tapegrad.numpy.{name}" for name in ("__array_namespace_info__", "broadcast_shapes", "random.seed")}
    assert not [name for name, said in own.items() if ">>>" not in said]
    words = ("Shapes:", "Dtypes:", "Raises:")
    assert not [(name, word) for name in own.keys() - no_arrays for word in words if word not in own[name]]


def test_methods_of_arrays_say_what_they_are():
    for face in (tnp.ndarray, tapegrad.nd.NDArray):
        methods = [name for name in dir(face) if name[0] != "_" and hasattr(face, name)]
        assert len(methods) > 40
        assert not [name for name in methods if not inspect.getdoc(getattr(face, name))]


def test_what_an_op_says_of_itself_follows_from_its_definition():
    said = inspect.getdoc(OPS["divide"].call)
    assert said.startswith("The quotient x / y")
    assert "`x` and `y` broadcast" in said
    assert "integers to a float" in said
    assert "Derivative: in `x` and `y`." in said
    assert "Derivative: 0 wherever there is one" in OPS["less"].call.__doc__
    assert "`NoGradientError` for a tracked `x`" in " ".join(OPS["zeta"].call.__doc__.split())


@pytest.mark.parametrize("margin", ["", "    "])
def test_what_the_author_says_stands_in_its_place(margin):
    lines = ["One line.", "", "More.", "", "Raises: `ValueError`", "always.", "Shapes: (2,).", "", ">>> 1", "1", ""]
    body = lambda xp, x: x
    body.__doc__ = "\n".join([lines[0], *[line and margin + line for line in lines[1:-1]], margin])
    said = inspect.cleandoc(explained(replace(OPS["tanh"], body=body))).splitlines()
    assert said[:4] == ["One line.", "", "More.", ""]
    assert said[4] == "Shapes: (2,)."
    assert [line.partition(":")[0] for line in said[5:7]] == ["Dtypes", "Derivative"]
    assert said[7:] == ["Raises: `ValueError` always, `TypeError` for anything that is not an array.", "", ">>> 1", "1"]
