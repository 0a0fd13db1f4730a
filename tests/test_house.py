"""The rules of the house: who may know whom, what is imported when, and that what is written down is what runs."""

import ast
import importlib
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import tapegrad
from tapegrad.extras import pip_install

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


def test_import_tapegrad_imports_no_engine_and_no_plugin():
    imported = modules_after("import tapegrad, tapegrad.ndarray, tapegrad.autograd")
    assert "tapegrad" in imported
    assert not imported & {
        "jax",
        "jaxlib",
        "cupy",
        "torch",
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
    assert not imported & {"jax", "cupy", "torch", "array_api_strict"}


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
