"""What the docstrings say is so: every example runs, and every public name has its meaning in a line."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import tapegrad

MODULES = sorted(
    name
    for _, name, _ in pkgutil.walk_packages(tapegrad.__path__, "tapegrad.")
    # The command line and pytest's plug-in need libraries of their own; a suite is tests, not a thing to import.
    if not name.endswith("__main__") and not name.startswith(("tapegrad.cli", "tapegrad.testing."))
)


@pytest.fixture
def fresh():
    """The state that an example may change, put back: the backend and the dtype of new arrays."""
    backend, dtype = tapegrad.get_backend(), tapegrad.get_default_dtype()
    yield
    tapegrad.set_backend(backend)
    tapegrad.set_default_dtype(dtype)


@pytest.mark.parametrize("name", ["tapegrad", *MODULES])
def test_examples_run(name, fresh):
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0


@pytest.mark.parametrize("name", ["tapegrad", *MODULES])
def test_public_names_exist_and_say_what_they_are(name):
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip(), "the module"
    for public in getattr(module, "__all__", ()):
        value = getattr(module, public)
        if inspect.isroutine(value) or inspect.isclass(value):
            assert (inspect.getdoc(value) or "").strip(), public
