"""The command line, as a user meets it: in a process of its own."""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tapegrad
from tapegrad.tools import doctor, tour
from tapegrad.tools.cli import app

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
        "import json; from tapegrad.tools import tour; cells = [c for c in tour.parse(tour.page()) if c.source]; "
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
        (("conformance", "nump"), "for NAME: unknown backend 'nump' (did you mean 'numpy'"),
        (
            ("conformance", "numpy", "--ops", "matmull"),
            "for --ops: there is no 'matmull' to judge (did you mean",
        ),
        (("conformance", "numpy", "--ops", "nosuch"), "`tapegrad conformance --import MODULE`"),
        (("mutate", "--ops", "matmull"), "did you mean 'matmul'"),
        (("bench", "--engine", "numpi"), "did you mean 'numpy'"),
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
    cells = tour.parse(page)
    assert [cell.prose for cell in cells] == ["Words.", "More.", "The end."]
    assert [(r.stdout, r.value) for r in tour.run(cells)] == [("1\n", "5"), ("", None), ("", None)]


def test_what_a_cell_raises_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(tour.run(tour.parse("```python\n1 / 0\n```\n")))


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_is_either_option(option):
    done = command(option)
    assert done.returncode == 0 and "conformance" in done.stdout


def test_it_says_its_version():
    done = command("--version")
    assert (done.returncode, done.stdout) == (0, f"tapegrad {tapegrad.__version__}\n")


def test_backends_as_json_has_what_the_library_says():
    done = command("backends", "--json", TAPEGRAD_DISABLE_PLUGINS="jax")
    told = {info["name"]: info for info in json.loads(done.stdout)}
    (numpy,) = [info for info in tapegrad.list_backends() if info.name == "numpy"]
    assert told["numpy"] == {**numpy._asdict(), "devices": list(numpy.devices), "on_the_host": []}
    assert "TAPEGRAD_DISABLE_PLUGINS=jax" in told["jax"]["reason"] and not told["jax"]["usable"]


def test_the_doctor_says_what_is_here_and_what_mends_what_is_not(monkeypatch):
    monkeypatch.delenv("SCIPY_ARRAY_API", raising=False)
    monkeypatch.setitem(doctor.LIBRARIES, "no_such_library", "special")
    done = CliRunner().invoke(app, ["doctor", "--json"])
    told = json.loads(done.stdout)
    assert told["engines"]["numpy"]["usable"] and told["engines"]["numpy"]["float64"] == "yes"
    assert told["tapegrad"] == tapegrad.__version__ and not told["libraries"]["no_such_library"]
    assert any(re.search("no_such_library is not installed, .*pip install 'scipy>=", line) for line in told["problems"])
    lines = CliRunner().invoke(app, ["doctor"]).stdout.splitlines()
    assert {f"- {problem}" for problem in told["problems"]} <= set(lines)


@pytest.mark.parametrize("chapter", [chapter for chapter in tour.Chapter if chapter is not tour.Chapter.MXNET])
def test_a_chapter_of_the_tour_says_where_to_go_on(chapter, monkeypatch):
    monkeypatch.setattr(tour, "run", lambda cells: [tour.Result("", None) for cell in cells])
    done = CliRunner().invoke(app, ["tour", chapter])
    assert "tapegrad.grad" in done.stdout or "tapegrad.compile" in done.stdout
    assert "Next: tapegrad tour mxnet" in " ".join(done.stdout.split()) and "```" not in done.stdout


def test_piped_lines_have_no_blanks_at_their_ends():
    lines = command("backends", TAPEGRAD_DISABLE_PLUGINS="jax").stdout.splitlines()
    assert lines == [line.rstrip() for line in lines]


def on_a_terminal(columns: int, *words: str) -> list[str]:
    """The lines that the command writes to a terminal of that width."""
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    ours, theirs = pty.openpty()
    environ = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color", "TAPEGRAD_DISABLE_PLUGINS": "jax"}
    with subprocess.Popen([sys.executable, "-m", "tapegrad", *words], env=environ, stdout=theirs) as process:
        os.close(theirs)
        told = b""
        with contextlib.suppress(OSError):  # the end of a terminal is an error on Linux
            while part := os.read(ours, 65536):
                told += part
    os.close(ours)
    assert process.returncode == 0
    return told.decode("utf-8").splitlines()


@pytest.mark.parametrize("columns", [42, 60, 80, 120])
def test_on_a_terminal_of_any_width_names_stay_whole(columns):
    plain = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in on_a_terminal(columns, "backends")]
    assert all(len(line) <= columns for line in plain)
    for whole in ("numpy (default)", "distribution", "tapegrad", "TAPEGRAD_DISABLE_PLUGINS"):
        assert any(whole in line for line in plain), whole


def test_the_tours_colours_are_the_terminals_own():
    text = "\n".join(on_a_terminal(80, "tour"))
    colours = set(re.findall(r"\x1b\[([\d;]*)m", text))
    # Neither a background nor a colour of a fixed shade, nor black, white or yellow, which are lost on one ground.
    used = {code for colour in colours for code in colour.split(";")}
    assert "35" in used
    assert used <= {"", "0", "1", "3", "4", "32", "34", "35", "36"}


def test_the_tour_has_no_formula_in_tex():
    assert "$" not in command("tour").stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
@pytest.mark.parametrize("word", ["tour", "backends"])
def test_a_full_disk_is_told_in_a_line(word):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tapegrad", word], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert re.fullmatch(r"tapegrad: .*No space left on device\n", done.stderr)


def test_a_reader_that_leaves_is_no_error():
    environ = {**os.environ, "COLUMNS": "80"}
    tour = [sys.executable, "-m", "tapegrad", "tour"]
    with subprocess.Popen(tour, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
