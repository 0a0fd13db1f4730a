"""The rules of the house: who may know whom, what is imported when, and that what is written down is what runs."""

import ast
import importlib
import operator
import pickle
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import tapegrad
from tapegrad.arrays.foreign import libraries
from tapegrad.engines.extras import pip_install

ROOT = Path(__file__).parents[1]
CORE = ROOT / "core" / "tapegrad"
BARE = re.compile(r"raise (?:ValueError|TypeError|IndexError|KeyError|RuntimeError)\b")
ENGINES = r"\b(jax|jaxlib|jnp|cupy|cupyx|torch|tensorflow|array_api_strict)\b"


def modules_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has imported after `code`."""
    code += "; import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def code_only(source: str) -> str:
    """Python source without comments and docstrings, in which an engine may well serve as an example."""
    source = re.sub(r'^\s*r?"""(?:[^"\\]|\\.|"(?!""))*"""\s*$', "", source, flags=re.MULTILINE)
    return re.sub(r"(^|\s)#.*$", r"\1", source, flags=re.MULTILINE)


LAYERS = [
    ("errors", "dtypes", "typing", "settings"),
    ("tape", "randomness"),
    ("engines",),
    ("arrays",),
    ("op",),
    ("ops",),
    ("transforms",),
    ("compile",),
    ("numpy",),
    ("autograd", "base", "context", "contrib", "nd", "ndarray", "np", "npx", "operator", "random"),
    (
        *(
            "callback",
            "gluon",
            "image",
            "initializer",
            "io",
            "kvstore",
            "lr_scheduler",
            "metric",
            "monitor",
            "symbol",
            "profiler",
            "name",
        ),
        *("optimizer", "recordio", "test_utils", "util"),
    ),
    ("einops", "nn", "optimizers", "testing", "tree"),
    ("__init__",),
    ("mxnet",),
    ("tools",),
    ("__main__",),
]
"""What lies at the top of the core, from the ground up. A file imports from its own layer and from those below."""

PUBLIC = {
    *(
        "errors",
        "dtypes",
        "ops",
        "op",
        "numpy",
        "einops",
        "nn",
        "optimizers",
        "testing",
        "tree",
        "typing",
        *LAYERS[9],
        *LAYERS[10],
        "mxnet",
    ),
    *("img", "init", "kv", "mon", "rnd", "sym", "__init__", "__main__"),
}
"""What a user imports. All else at the top is the folder of a layer."""


class Import(NamedTuple):
    """An import of one file of the core by another, as paths without the suffix; `typing`: for annotations only."""

    source: str
    target: str
    line: int
    typing: bool


@cache
def imports_of(root: Path) -> list[Import]:
    """The imports within a package, inside functions too, and those by a literal name with `import_module`."""
    files = {path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.py")}
    found = []
    for source in sorted(files):
        tree = ast.parse((root / f"{source}.py").read_text(encoding="utf-8"))
        guarded = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for statement in (node.orelse if isinstance(node.test, ast.UnaryOp) else node.body)
            for inner in ast.walk(statement)
        }
        for node in ast.walk(tree):
            names: list[tuple[str, ...]] = []
            if isinstance(node, ast.ImportFrom):
                names = _from(node, source, root.name)
            elif isinstance(node, ast.Import):
                names = [tuple(alias.name.split(".")) for alias in node.names]
                names = [name[1:] for name in names if name[0] == root.name]
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and node.args:
                name = node.args[0].value if isinstance(node.args[0], ast.Constant) else ""
                names = [tuple(name.split(".")[1:])] if name.partition(".")[0] == root.name else []
            for target in {_file_of(name, files) for name in names}:
                found.append(Import(source, target, node.lineno, id(node) in guarded))
    return found


def _from(node: ast.ImportFrom, source: str, package: str) -> list[tuple[str, ...]]:
    module = tuple(node.module.split(".")) if node.module else ()
    if node.level:
        module = tuple(source.split("/")[: -node.level]) + module
    elif module[:1] == (package,):
        module = module[1:]
    else:
        return []
    return [(*module, alias.name) for alias in node.names]


def _file_of(name: tuple[str, ...], files: set[str]) -> str:
    """The file that a dotted name leads to: its own, or the nearest module around it."""
    for end in range(len(name), -1, -1):
        for path in ("/".join(name[:end]), "/".join((*name[:end], "__init__"))):
            if path in files:
                return path
    raise AssertionError(f"no module for {name}")


def upward(imports: Iterable[Import], layers: Sequence[Sequence[str]]) -> list[str]:
    """The imports, other than those for annotations, that go to a layer above the importing file's."""
    rank = {name: i for i, layer in enumerate(layers) for name in layer}
    return [
        f"{i.source}:{i.line} imports {i.target}"
        for i in imports
        if not i.typing and rank[i.target.split("/")[0]] > rank[i.source.split("/")[0]]
    ]


def circles(imports: Iterable[Import]) -> list[set[str]]:
    """The sets of files that import one another, wherever in the files that is, but for annotations."""
    graph: dict[str, set[str]] = {}
    for i in imports:
        if not i.typing and i.source != i.target:
            graph.setdefault(i.source, set()).add(i.target)

    def reached(start: str) -> set[str]:
        met: set[str] = set()
        ahead = [start]
        while ahead:
            for target in graph.get(ahead.pop(), ()):
                if target not in met:
                    met.add(target)
                    ahead.append(target)
        return met

    reach = {source: reached(source) for source in graph}
    return [
        circle
        for source, targets in sorted(reach.items())
        if source in targets and source == min(circle := {file for file in targets if source in reach.get(file, ())})
    ]


def test_every_file_imports_from_its_own_layer_and_those_below():
    assert not upward(imports_of(CORE), LAYERS)


def test_no_files_import_one_another():
    assert not circles(imports_of(CORE))


def test_at_the_top_lies_what_a_user_imports_and_the_folders_of_the_layers():
    top = {path.stem for path in CORE.iterdir() if path.suffix == ".py"}
    folders = {path.name for path in CORE.iterdir() if (path / "__init__.py").exists()}
    assert top <= PUBLIC
    assert top | folders == {name for layer in LAYERS for name in layer}


def test_imports_that_run_up_or_round_would_be_found(tmp_path):
    root = tmp_path / "house"
    for path, source in {
        "__init__.py": "from .roof import tiles",
        "ground.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .roof import tiles",
        "walls/__init__.py": "",
        "walls/north.py": "from ..ground import stone\ndef f():\n    from .south import door",
        "walls/south.py": "import house.walls.north",
        "walls/east.py": "def f():\n    from .. import roof",
        "walls/west.py": "from importlib import import_module\nimport_module('house.roof').tiles",
        "roof.py": "from .walls.north import f",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(source)
    imports = imports_of(root)
    layers = [("ground",), ("walls",), ("roof",), ("__init__",)]
    assert upward(imports, layers) == ["walls/east:2 imports roof", "walls/west:2 imports roof"]
    assert circles(imports) == [{"walls/north", "walls/south"}]


@pytest.mark.parametrize("path", sorted(CORE.rglob("*.py")), ids=lambda path: str(path.relative_to(CORE)))
def test_core_names_no_engine(path):
    named = [line for line in code_only(path.read_text(encoding="utf-8")).splitlines() if re.search(ENGINES, line)]
    assert not named


def test_refusals_are_of_types_that_mxneterror_catches():
    # `testing` is left out: it is called by pytest and by engines' authors, who expect pytest's and Python's errors.
    paths = [path for path in CORE.rglob("*.py") if "testing" not in path.parts]
    assert not [f"{path.name}: {found}" for path in paths for found in BARE.findall(path.read_text(encoding="utf-8"))]


def test_the_search_for_bare_errors_would_find_one():
    assert BARE.findall('raise ValueError(f"x")') and not BARE.findall('raise ArgumentError(f"x")')


def test_the_search_for_engines_would_find_one():
    source = '"""Of jax."""\nimport jax  # cupy\nx = "torch"\n'
    assert re.findall(ENGINES, code_only(source)) == ["jax", "torch"]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "backends").rglob("*.py")), ids=lambda path: f"{path.parent.name}.{path.stem}"
)
def test_engines_use_only_what_the_core_exports(path):
    private = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module.partition(".")[0] == "tapegrad":
            exported = importlib.import_module(node.module).__all__
            private += [f"{node.module}.{alias.name}" for alias in node.names if alias.name not in exported]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "tapegrad":
            private += [node.attr] if node.attr not in tapegrad.__all__ else []
    assert not private


def test_dir_shows_what_a_user_may_use_and_nothing_else():
    shown = set(dir(tapegrad))
    assert set(tapegrad.__all__) <= shown
    assert shown - set(tapegrad.__all__) <= PUBLIC | {"__version__"}
    assert all(hasattr(tapegrad, name) for name in shown)


def test_a_name_brought_from_another_library_says_what_to_use_here():
    for name, instead in {
        "array": "numpy.asarray",
        "no_grad": "pause",
        "jit": "tapegrad.compile",
        "remat": "checkpoint",
    }.items():
        with pytest.raises(AttributeError, match=rf"module 'tapegrad' has no attribute '{name}': .*{instead}"):
            getattr(tapegrad, name)
    with pytest.raises(AttributeError, match="module 'tapegrad' has no attribute 'nothing'"):
        tapegrad.nothing  # noqa: B018


def test_what_is_said_of_other_libraries_names_only_what_is_here():
    for rows in libraries().values():
        for path in re.findall(r"tapegrad\.([a-zA-Z_.0-9]*[a-zA-Z0-9])", " ".join(rows.values())):
            assert operator.attrgetter(path)(tapegrad) is not None


@pytest.mark.parametrize(
    ("module", "others"),
    [
        ("tapegrad", ("numpy", "ndarray", "autograd", "random", "testing")),
        ("tapegrad.ndarray", ("numpy", "testing")),
        ("tapegrad.numpy", ("ndarray", "autograd", "testing")),
    ],
)
def test_a_face_is_imported_when_somebody_asks_for_it(module, others):
    code = f"import {module}, sys; print(*[name for name in sys.modules if name.startswith('tapegrad.')])"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert imported and not [name for name in imported if name.startswith(tuple(f"tapegrad.{n}" for n in others))]


def ours_after(code: str) -> set[str]:
    """The modules of tapegrad that a fresh interpreter has imported after `code`."""
    code += "; import sys; print(*[name for name in sys.modules if name.partition('.')[0] == 'tapegrad'])"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


FACES = "from tapegrad import autograd, nd; import tapegrad.numpy as tnp, tapegrad.nd"


def test_importing_the_faces_imports_none_of_their_functions():
    imported = ours_after(FACES)
    assert {"tapegrad.numpy", "tapegrad.ndarray", "tapegrad.autograd", "tapegrad.transforms.gradients"} <= imported
    assert not {name for name in imported if name.startswith(("tapegrad.ops", "tapegrad.randomness"))}
    assert not {name for name in imported if name.startswith(("tapegrad.numpy.", "tapegrad.ndarray."))}
    assert not modules_after(FACES) & {"ast", "json", "optree", "zipfile"} - modules_after("import numpy, inspect")


@pytest.mark.parametrize(
    "code",
    [
        "from tapegrad.numpy import sum, linalg; assert sum and linalg.det",
        "from tapegrad.numpy import *; assert array and matmul and fft.rfft",
        "import tapegrad.numpy as tnp; assert 'einsum' in dir(tnp) and 'einsum' in tnp.__all__",
        "import tapegrad.numpy.arrays, tapegrad.numpy as tnp; assert tnp.array([1.0]).mean() == 1",
        "import tapegrad.numpy.linalg as la; assert 'det' in la.__all__ and la.inv([[2.0]]).sum() == 0.5",
        "import tapegrad.numpy.polynomials, tapegrad.numpy as tnp; assert tnp.linalg.det and tnp.exp",
        "import tapegrad; assert tapegrad.grad(lambda x: x.mean() * x.sum())(__import__('numpy').ones(2)).all()",
        "from tapegrad.nd import *; assert exp and random.uniform",
        "from tapegrad import nd; assert 'exp' in dir(nd) and nd.op.exp is nd.exp is nd.gen_op.exp",
        "import tapegrad.ndarray.random as random; assert random.uniform().exp() > 0",
        "import tapegrad.nd as nd; assert nd.contrib.arange_like and nd.linalg.potrf and nd.Custom",
        "import tapegrad.numpy as tnp, threading as t; xs = [t.Thread(target=lambda: tnp.exp(tnp.ones(1)).mean()) "
        "for _ in range(8)]; [x.start() for x in xs]; [x.join() for x in xs]; assert tnp.ones(1).mean() == 1",
    ],
)
def test_a_function_is_there_whatever_is_imported_first(code):
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert not run.stderr


@pytest.mark.parametrize(("make", "use"), [("numpy.ones(2)", "x.mean() + x"), ("nd.ones(2)", "x.exp() + x")])
def test_a_pickled_array_comes_with_its_methods_and_operators(make, use):
    read = f"import pickle, sys; x = pickle.loads(sys.stdin.buffer.read()); {use}"
    pickled = pickle.dumps(eval(f"tapegrad.{make}"))
    assert not subprocess.run([sys.executable, "-c", read], input=pickled, capture_output=True).stderr


def test_the_ops_are_imported_with_the_first_engine():
    def ops(code):
        return {name for name in ours_after(code) if name.startswith("tapegrad.ops")}

    assert not ops("import tapegrad")
    for first in ("get_backend()", "grad(lambda x: x * x)(3.0)", "Array.__add__", "where", "ops.elementwise"):
        assert ops(f"import tapegrad; tapegrad.{first}") >= {"tapegrad.ops.elementwise", "tapegrad.ops.operators"}, (
            first
        )


def test_the_ops_are_there_for_whoever_lists_them_or_looks_one_up():
    for code in (
        "from tapegrad.op import registered; assert registered()['sin'].name == 'sin'",
        "from tapegrad.op import registered; assert 'sin' in registered() and 'sun' not in registered()",
        "from tapegrad.op import registered; assert 'sin' in list(registered()) and len(registered()) > 200",
        "from tapegrad.op import registered; assert len(registered()) > 200",
        "from tapegrad.op import registered; assert len(registered().keys()) > 200",
        "from tapegrad.op import registered; assert len(registered().values()) > 200",
        "from tapegrad.op import registered; assert len(registered().items()) > 200",
        "from tapegrad.engines.tables import RECORDED; assert RECORDED.sin",
    ):
        assert "tapegrad.ops.elementwise" in ours_after(code), code


def test_a_strangers_op_cannot_take_the_name_of_one_that_is_yet_to_be_imported():
    code = "from tapegrad.op import elementwise; elementwise(x=1, name='sin')(lambda xp, x: x)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "op 'sin' is already defined in tapegrad.ops.elementwise" in run.stderr


def test_import_tapegrad_imports_no_engine_and_no_plugin():
    imported = modules_after("import tapegrad, tapegrad.ndarray, tapegrad.autograd")
    assert "tapegrad" in imported
    assert not imported & {
        "jax",
        "jaxlib",
        "cupy",
        "torch",
        "dask",
        "array_api_strict",
        "scipy",
        "safetensors",
        "typer",
        "rich",
    }
    assert not {name for name in imported if name.startswith("tapegrad_")}


def test_the_first_array_imports_numpys_plugin_alone():
    imported = modules_after("import tapegrad.ndarray as nd; nd.array([1, 2])")
    assert {name for name in imported if name.startswith("tapegrad_")} == {"tapegrad_numpy"}
    assert not imported & {"jax", "cupy", "torch", "array_api_strict", "array_api_compat", "optree"}


def test_ci_runs_the_readmes_own_test_command():
    (command,) = re.findall(r"^    (python3 .*tox .*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert f"{command} </dev/null\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_requirement_has_its_tested_version():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    tested = {}
    for constraint in [Requirement(line) for line in lines if not line.startswith("#")]:
        if constraint.marker is None or constraint.marker.evaluate():
            (pin,) = constraint.specifier
            assert pin.operator == "=="
            tested[canonicalize_name(constraint.name)] = pin.version
    wrong = []
    for requirement in map(Requirement, requires("tapegrad")):
        version = tested.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version):
            wrong.append(f"{requirement}: {version}")
    assert not wrong, "run `tox -e constraints`"


def test_a_remedy_names_what_the_extra_is_made_of():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for extra in ("cli", "jax", "cupy12", "cupy13", "special"):
        assert shlex.split(pip_install(extra)) == ["pip", "install", *sorted(declared[extra])]


def test_without_a_distribution_the_remedy_names_the_extra(monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.requires", missing)
    assert pip_install("jax") == "install what tapegrad's extra 'jax' lists"


def test_no_remedy_asks_an_index_for_tapegrad():
    # A clone is all that there is to install from, and an extra of it is `".[jax]"` there.
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    texts += [path for folder in ("core", "backends") for path in (ROOT / folder).rglob("*.py")]
    asked = {path.name: re.findall(r"pip install [^`\n]*\btapegrad\b", path.read_text("utf-8")) for path in texts}
    assert not {name: remedies for name, remedies in asked.items() if remedies}


def test_the_page_on_engines_shows_the_plugin_that_is_tested():
    page = (ROOT / "docs" / "add-an-engine.md").read_text(encoding="utf-8")
    strict = ROOT / "tests" / "plugin" / "strict"
    assert f"```python\n{(strict / 'tapegrad_strict.py').read_text(encoding='utf-8')}```" in page
    (shown,) = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    tested = tomllib.loads((strict / "pyproject.toml").read_text(encoding="utf-8"))
    for key in ("description", "requires-python"):  # what tests want and a newcomer need not read
        del tested["project"][key]
    assert tomllib.loads(shown) == tested


def test_the_version_is_that_of_the_distribution():
    assert tapegrad.__version__ == version("tapegrad")
