"""The door for engines: what is asked for is loaded, what is broken says so, and nothing else is disturbed."""

import asyncio
import importlib
import os
import subprocess
import sys
import threading
from importlib.metadata import Distribution, EntryPoint, PathDistribution
from pathlib import Path

import numpy
import pytest

import tapegrad
from tapegrad.engines.registry import BackendInfo, Registry
from tapegrad.errors import BackendError, BackendUnavailableError, UnknownArrayError, UnknownBackendError

PLUGINS = Path(__file__).parents[1] / "plugin"

BROKEN = {
    # plug-in: (what its line in `tapegrad backends` says, the type of the cause that it keeps)
    "claims_anothers_type": ("array_types() claims numpy.ndarray, which belongs to backend 'numpy'", None),
    "claims_everything": ("array_types() claims builtins.object, which belongs to", None),
    "claims_no_type": ("array_types() must give a tuple of types", None),
    "exits_at_import": ("fails at import: SystemExit: this plug-in wants to stop the process", SystemExit),
    "fails_at_import": ("fails at import: RuntimeError: the disk is on fire", RuntimeError),
    "fails_in_hook": ("fails when asked to register: ZeroDivisionError: not today", ZeroDivisionError),
    "finds_no_device": ("can make no array here: OSError: no device is detected", OSError),
    "has_another_namespace": ("math has no asarray; name the module that has the array API standard's", AttributeError),
    "has_dtypes_without_hash": ("can make no array here: TypeError", TypeError),
    "lacks_its_engine": ("needs 'no_such_engine'", ImportError),
    "makes_another_type": (
        "array_types() says makes_another_type.Imaginary, but the engine makes toyengine.Array",
        None,
    ),
    "misspells_the_argument": ("the one hook is tapegrad_register_backends(register)", Exception),
    "misspells_the_hook": ("the one hook is tapegrad_register_backends(register)", Exception),
    "nameless": ("NamelessBackend.name is None, not a name", None),
    "registers_an_instance": ("registers an instance; register the class itself: register(EagerBackend)", None),
    "registers_no_backend": ("registers <class 'dict'>, which is no subclass of tapegrad.Backend", None),
    "registers_nothing": ("registers no Backend: it needs a function tapegrad_register_backends", None),
    "takes_a_name": ("registers the name 'numpy', which is taken by plug-in 'numpy' of tapegrad", None),
}


def declare(folder: Path, distribution: str, **entry_points: str) -> list[EntryPoint]:
    """The entry points of a distribution as if it were installed: name=module."""
    info = folder / f"{distribution}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    lines = [f"{name} = {module}" for name, module in entry_points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[tapegrad.backends]", *lines]))
    return list(PathDistribution(info).entry_points)


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """The plug-ins' modules can be imported, and each test starts with none of them imported."""
    for folder in ("broken", "toy"):
        monkeypatch.syspath_prepend(PLUGINS / folder)
    yield
    here = {path.stem for folder in ("broken", "toy") for path in (PLUGINS / folder).glob("*.py")}
    for name in here & sys.modules.keys():
        del sys.modules[name]


@pytest.fixture
def own():
    """Tapegrad's own entry points, as they are installed."""
    return [*Distribution.from_name("tapegrad").entry_points.select(group="tapegrad.backends")]


@pytest.fixture
def make(own, tmp_path):
    """A registry of our own plug-ins and of a stranger's."""

    def make(environ: dict[str, str] | None = None, distribution: str = "stranger", **entry_points: str) -> Registry:
        declared = own + (declare(tmp_path, distribution, **entry_points) if entry_points else [])
        return Registry(lambda: declared, environ or {})

    return make


def line(registry: Registry, name: str, distribution: str = "stranger") -> BackendInfo:
    (row,) = [row for row in registry.infos() if row.name == name and row.distribution == distribution]
    return row


# ---- what works


def test_a_backend_is_made_once(make):
    registry = make(toy="tapegrad_toy")
    assert registry.get("toy") is registry.get("toy")
    assert registry.get(registry.get("toy")) is registry.get("toy")
    assert registry.get().name == "numpy"


def test_what_an_engine_lacks_is_the_hosts_and_is_listed(make):
    registry = make(poor="tapegrad_poor")
    found = line(registry, "poor")
    assert found.usable and found.on_the_host == ("multiply", "sum")
    poor = registry.get("poor")
    x = poor.from_numpy(numpy.asarray([2.0, 3.0], "float32"))
    assert poor.to_numpy(poor.kernels.multiply(x, x)).tolist() == [4.0, 9.0]
    assert float(poor.to_numpy(poor.kernels.sum(x, axis=None, keepdims=False))) == 5.0


def test_an_engine_is_tried_in_a_dtype_that_it_has_and_on_devices_with_memory(make):
    found = line(make(double="tapegrad_double"), "double")
    assert found.usable and found.devices == ("cpu(0)",)


def test_a_backend_made_by_hand_stands_for_the_live_one(make):
    registry = make(toy="tapegrad_toy")
    toy = registry.get("toy")
    registry.set_default(type(toy)())
    assert registry.get() is toy
    impostor = type("Impostor", (tapegrad.Backend,), {"name": "toy", "engine": "toyengine"})()
    with pytest.raises(BackendError, match=r"Impostor is not the backend 'toy', which is tapegrad_toy\.ToyBackend"):
        registry.get(impostor)
    stray = type("Stray", (tapegrad.Backend,), {"name": "stray", "engine": "toyengine"})()
    with pytest.raises(UnknownBackendError):
        registry.set_default(stray)
    with pytest.raises(TypeError, match="not 3"):
        registry.get(3)
    assert registry.get() is toy


def test_only_what_is_asked_for_is_imported(make):
    registry = make(toy="tapegrad_toy", fails_at_import="fails_at_import")
    registry.get("numpy")
    assert registry.of(numpy.zeros(2)) is registry.get("numpy")
    assert not {"tapegrad_toy", "toyengine"} & sys.modules.keys()
    registry.get("toy")
    assert {"tapegrad_toy", "toyengine"} <= sys.modules.keys()


def test_a_plugin_may_bring_a_backend_of_another_name(make):
    registry = make(plaything="tapegrad_toy")
    assert registry.get("toy").name == "toy"
    assert [row.name for row in registry.infos() if row.distribution == "stranger"] == ["toy"]


def test_its_arrays_are_recognised_even_where_their_type_is_built_upon_anothers(make):
    registry = make(toy="tapegrad_toy")
    toyengine = importlib.import_module("toyengine")
    assert issubclass(toyengine.Array, numpy.ndarray)
    assert registry.of(toyengine.zeros(3)).name == "toy"
    assert registry.of(numpy.zeros(3)).name == "numpy"


def test_the_list_says_who_works_and_who_is_the_default(make):
    registry = make({"TAPEGRAD_BACKEND": "toy"}, toy="tapegrad_toy")
    row = line(registry, "toy")
    assert (row.usable, row.version, row.devices, row.reason, row.is_default) == (True, "7.0", ("cpu(0)",), None, True)
    assert not line(registry, "numpy", "tapegrad").is_default


# ---- what is broken


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_one_line_and_one_error(make, name):
    text, cause = BROKEN[name]
    registry = make(**{name: name}, toy="tapegrad_toy")
    row = line(registry, name)
    assert not row.usable
    assert text in row.reason
    assert "\n" not in row.reason
    for _ in range(2):  # the second time it is remembered, and says the same
        with pytest.raises(BackendError) as caught:
            registry.get(name)
        assert text in str(caught.value)
        assert caught.value.__cause__ is None if cause is None else isinstance(caught.value.__cause__, cause)
    assert line(registry, "toy").usable
    assert registry.get("numpy").name == "numpy"
    assert registry.of(numpy.zeros(2)).name == "numpy"


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_asked_first_disturbs_nobody(make, name):
    registry = make(**{name: name}, toy="tapegrad_toy")
    with pytest.raises(BackendError):
        registry.get(name)
    assert registry.of(numpy.zeros(2)).name == "numpy"
    assert registry.get("toy").name == "toy"
    assert registry.of(importlib.import_module("toyengine").zeros(2)).name == "toy"


def test_every_broken_plugin_has_its_expectation():
    assert sorted(path.stem for path in (PLUGINS / "broken").glob("*.py")) == sorted(BROKEN)


def test_an_engine_that_is_missing_or_without_device_is_unavailable(make):
    registry = make(lacks_its_engine="lacks_its_engine", finds_no_device="finds_no_device")
    for name in ("lacks_its_engine", "finds_no_device"):
        with pytest.raises(BackendUnavailableError):
            registry.get(name)


# ---- names that clash


def test_our_own_name_stays_ours(make):
    registry = make(numpy="tapegrad_toy")
    assert registry.get("numpy") is not None
    assert "is refused: its name is taken by tapegrad" in line(registry, "numpy").reason
    assert line(registry, "numpy", "tapegrad").usable


def test_of_two_strangers_with_one_name_neither_is_believed(own, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    declared = declare(tmp_path / "a", "first", toy="tapegrad_toy") + declare(
        tmp_path / "b", "second", toy="tapegrad_toy"
    )
    for order in (declared, declared[::-1]):
        registry = Registry(lambda order=order: [*order, *own], {})
        with pytest.raises(BackendError, match=r"its name is taken by (first|second)"):
            registry.get("toy")
    freed = Registry(lambda: [*declared, *own], {"TAPEGRAD_DISABLE_PLUGINS": "first"})
    assert freed.get("toy").name == "toy"


def test_a_name_that_two_plugins_bring_unasked_is_nobodys(make):
    registry = make(one="tapegrad_toy", two="tapegrad_toy")
    with pytest.raises(BackendError, match=r"registered by plug-in 'one' of stranger and by plug-in 'two' of stranger"):
        registry.get("toy")
    assert [row.usable for row in registry.infos() if row.name == "toy"] == [False, False]


# ---- names and arrays that nobody knows


def test_an_unknown_name_lists_the_choices_and_the_likely_one(make):
    with pytest.raises(
        UnknownBackendError, match=r"unknown backend 'nunpy' \(did you mean 'numpy'\?\); declared: .*toy"
    ):
        make(toy="tapegrad_toy").get("nunpy")


def test_an_unknown_default_names_the_variable_that_chose_it(make):
    with pytest.raises(UnknownBackendError, match=r"^TAPEGRAD_BACKEND=abacus: unknown backend 'abacus'"):
        make({"TAPEGRAD_BACKEND": "abacus"}).get()


def test_arrays_that_nobody_registered(make):
    with pytest.raises(UnknownArrayError, match=r"arrays of type builtins\.list; registered: .*numpy.*toy"):
        make(toy="tapegrad_toy").of([1, 2])


def test_arrays_of_a_broken_engine_say_what_broke_it(make):
    registry = make(toyengine="fails_at_import")
    array_type = type("Array", (), {"__module__": "toyengine.core"})
    with pytest.raises(UnknownArrayError, match=r"toyengine\.core\.Array; .*the disk is on fire") as caught:
        registry.of(array_type())
    assert isinstance(caught.value.__cause__, BackendError)


# ---- blocked plug-ins


@pytest.mark.parametrize("word", ["toy", "Stranger"])
def test_a_blocked_plugin_is_never_imported(make, word):
    registry = make({"TAPEGRAD_DISABLE_PLUGINS": f"other, {word}"}, toy="tapegrad_toy")
    assert "blocked by TAPEGRAD_DISABLE_PLUGINS" in line(registry, "toy").reason
    with pytest.raises(BackendUnavailableError, match="take it off that list"):
        registry.get("toy")
    with pytest.raises(UnknownArrayError):
        registry.of(object())
    assert "tapegrad_toy" not in sys.modules


# ---- the default


def test_the_default_is_of_the_context_then_of_the_process(make):
    registry = make(toy="tapegrad_toy")
    with registry.default("toy") as toy:
        assert registry.get() is toy
        with registry.default("numpy"):
            assert registry.get().name == "numpy"
        assert registry.get() is toy
        seen = []
        thread = threading.Thread(target=lambda: seen.append(registry.get().name))
        thread.start()
        thread.join()
        assert seen == ["numpy"]
    assert registry.get().name == "numpy"
    registry.set_default("toy")
    assert registry.get().name == "toy"


def test_a_failed_choice_leaves_the_default_alone(make):
    registry = make(fails_at_import="fails_at_import")
    with pytest.raises(BackendError):
        registry.set_default("fails_at_import")
    with pytest.raises(BackendError), registry.default("fails_at_import"):
        pytest.fail("never entered")
    with pytest.raises(ZeroDivisionError), registry.default("numpy"):
        raise ZeroDivisionError
    assert registry.get().name == "numpy"


def test_tasks_do_not_see_each_others_default(make):
    registry = make(toy="tapegrad_toy")

    async def inside(name: str, turn: asyncio.Event, other: asyncio.Event) -> str:
        with registry.default(name):
            turn.set()
            await other.wait()
            return registry.get().name

    async def both() -> list[str]:
        a, b = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(inside("toy", a, b), inside("numpy", b, a))

    assert asyncio.run(both()) == ["toy", "numpy"]


def test_sixteen_threads_get_the_one_backend(make):
    registry = make(toy="tapegrad_toy")
    start, got = threading.Barrier(16), []

    def ask() -> None:
        start.wait()
        got.append(registry.get("toy"))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 16
    assert len(set(map(id, got))) == 1


# ---- from outside


def test_a_stranger_is_found_by_its_entry_point_alone(tmp_path):
    """As installed: a dist-info on the path is all that tapegrad learns of it, in a process of its own."""
    declare(tmp_path, "stranger", toy="tapegrad_toy", fails_at_import="fails_at_import")
    path = os.pathsep.join(
        [str(tmp_path), str(PLUGINS / "toy"), str(PLUGINS / "broken"), os.environ.get("PYTHONPATH", "")]
    )
    code = (
        "import tapegrad; print(tapegrad.get_backend().name, *[i.name for i in tapegrad.list_backends() if i.usable])"
    )
    environ = {**os.environ, "PYTHONPATH": path, "TAPEGRAD_BACKEND": "toy"}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "toy"
    assert {"numpy", "toy"} <= set(done.stdout.split()[1:])
    assert "fails_at_import" not in done.stdout


def test_strict_comes_from_the_strangers_distribution_in_this_repository(make):
    """tests/plugin/strict, where it is installed as any distribution is."""
    pytest.importorskip("tapegrad_strict", reason="tests/plugin/strict is installed in the strict environment only")
    info = {row.name: row for row in tapegrad.list_backends()}["strict"]
    assert (info.usable, info.distribution, info.reason) == (True, "tapegrad-strict", None)
    strict = tapegrad.get_backend("strict")
    assert tapegrad.backend_of(strict.module.zeros(2)) is strict
