"""The page on engines, done as it says: typed into an empty folder, installed, listed and judged."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "add-an-engine.md"


def run(folder, *command, **environ):
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder of installed distributions, with the page's plug-in in it under a name that nobody else has."""
    pytest.importorskip("array_api_strict", reason="the page's plug-in is for array-api-strict")
    pytest.importorskip("hatchling", reason="the page's plug-in is built by hatchling, here without the network")
    folder = tmp_path_factory.mktemp("stranger")
    for name, language in {"tapegrad_strict.py": "python", "pyproject.toml": "toml"}.items():
        (text,) = re.findall(rf"`{re.escape(name)}`.*?\n```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
        text = text.replace("tapegrad_strict", "tapegrad_stranger").replace("tapegrad-strict", "tapegrad-stranger")
        text = text.replace('strict = "', 'stranger = "').replace('name = "strict"', 'name = "stranger"')
        (folder / name.replace("tapegrad_strict", "tapegrad_stranger")).write_text(text, encoding="utf-8")
    pip = (
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        "site",
        ".",
    )
    run(folder, *pip)
    return folder


def tapegrad(installed, *words):
    # The usual engine for array-api-strict may be installed as well; an array type has one owner.
    return run(
        installed,
        *(sys.executable, "-m", "tapegrad", *words),
        PYTHONPATH=str(installed / "site"),
        TAPEGRAD_DISABLE_PLUGINS="tapegrad-strict",
    )


def test_the_class_and_the_hook_are_about_ten_lines(installed):
    lines = (installed / "tapegrad_stranger.py").read_text("utf-8").splitlines()
    assert len([line for line in lines if line]) <= 10


def test_it_is_listed(installed):
    (row,) = [line for line in tapegrad(installed, "backends").splitlines() if line.startswith("stranger")]
    assert "yes" in row and "tapegrad-stranger" in row and "cpu(0)" in row


def test_it_is_judged(installed):
    said = tapegrad(installed, "conformance", "stranger", "--quick", "--ops", "add,matmul,getitem,logsumexp")
    assert "stranger" in said
