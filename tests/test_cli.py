"""The command line, as a user meets it: in a process of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tapegrad import tour

RECORDED = json.loads((Path(__file__).parent / "data" / "tutorial.json").read_text(encoding="utf-8"))


def command(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m tapegrad` with those words."""
    return subprocess.run(
        [sys.executable, "-m", "tapegrad", *words],
        env={**os.environ, "COLUMNS": "80", **environ},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_page_holds_the_recorded_cells_with_the_imports_changed():
    cells = [cell.source for cell in tour.parse(tour.page()) if cell.source]
    assert cells == [recorded["source"].replace("import mxnet", "import tapegrad") for recorded in RECORDED]


def test_the_tour_prints_what_was_recorded():
    done = command("tour")
    assert (done.returncode, done.stderr) == (0, "")
    rest = done.stdout
    for recorded in RECORDED:
        shown = recorded["stdout"] + (recorded["result_repr"] + "\n" if "result_repr" in recorded else "")
        assert shown in rest, f"cell {recorded['cell']}: not printed after the cells before it"
        rest = rest[rest.index(shown) + len(shown) :]


def test_each_cell_does_exactly_what_was_recorded():
    code = (
        "import json; from tapegrad import tour; cells = [c for c in tour.parse(tour.page()) if c.source]; "
        "print(json.dumps([[r.stdout, r.value] for r in tour.run(cells)]))"
    )
    # In a process of its own, since the numbers are those of a fresh, unseeded stream.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[cell["stdout"], cell.get("result_repr")] for cell in RECORDED]


def test_backends_has_a_whole_line_for_each_engine():
    done = command("backends", TAPEGRAD_DISABLE_PLUGINS="jax")
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines()[1:] if line.strip()}
    assert {"numpy", "jax", "cupy"} <= lines.keys()
    assert re.match(r"numpy \(default\) +yes +\d\S* +cpu\(0\) +tapegrad", lines["numpy"])
    assert re.match(r"jax +no +tapegrad +.*blocked by TAPEGRAD_DISABLE_PLUGINS=jax", lines["jax"])


def test_a_reason_keeps_its_brackets():
    done = command("backends", TAPEGRAD_DISABLE_PLUGINS="jax,[bold]")
    assert "TAPEGRAD_DISABLE_PLUGINS=jax,[bold]:" in done.stdout


def test_an_engine_that_is_missing_is_told_with_what_to_install():
    code = (
        "import sys; sys.modules['cupy'] = None; sys.argv = ['tapegrad', 'backends']; "
        "from tapegrad.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert re.search(r"pip install 'cupy-cuda12x>=[\d.]+' for CUDA 12", done.stdout)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("conformance", "nump"), "did you mean 'numpy'"),
        (("conformance", "numpy", "--ops", "matmull"), "did you mean 'matmul'"),
        (("mutate", "--ops", "matmull"), "did you mean 'matmul'"),
    ],
)
def test_a_name_that_is_not_there_is_a_mistake_of_usage(words, told):
    done = command(*words, COLUMNS="200")
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_command_is_refused():
    done = command("tuor")
    assert done.returncode != 0
    assert "tour" in done.stderr


@pytest.mark.parametrize("library", ["typer", "rich"])
def test_without_its_libraries_it_names_the_extra(library):
    code = f"import sys; sys.modules[{library!r}] = None; from tapegrad.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    told = done.stderr.strip()
    assert told.startswith(f"tapegrad: the command line needs '{library}': pip install '")
    assert re.search(r"'typer>=[\d.]+'", told) and re.search(r"'rich>=[\d.]+'", told)


def test_a_cell_shows_what_it_printed_and_its_last_value():
    page = "Words.\n\n```python\nprint(1)\n2 + 3\n```\n\nMore.\n\n```python\nx = 4\n```\n\nThe end.\n"
    assert [(r.cell.prose, r.stdout, r.value) for r in tour.run(tour.parse(page))] == [
        ("Words.", "1\n", "5"),
        ("More.", "", None),
        ("The end.", "", None),
    ]


def test_what_a_cell_raises_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(tour.run(tour.parse("```python\n1 / 0\n```\n")))
