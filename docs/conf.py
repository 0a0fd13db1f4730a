"""How Sphinx makes the documentation: Markdown by MyST, in the furo theme."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.util.logging import getLogger

project = "tapegrad"
author = "the tapegrad maintainers"
project_copyright = author
release = version = version_of("tapegrad")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"tapegrad {release}"
autodoc_typehints = "description"

# A code host shows index.md as well, where a toctree would be a block of code; so the site's contents are here.
CONTENTS = {
    "Start": "tutorial migrate-from-autograd migrate-from-jax migrate-from-pytorch migrate-from-mxnet examples/README",
    "Use it": "transforms compile numpy scipy conventions",
    "Extend it": "add-an-op add-an-engine conformance",
    "How it is made, how good it is": "architecture conformance-results",
}


def add_contents(app, docname, source):
    """Append the site's contents to its first page."""
    if docname == "index":
        for caption, pages in CONTENTS.items():
            source[0] += (
                "\n```{toctree}\n:hidden:\n:caption: " + caption + "\n\n" + "\n".join(pages.split()) + "\n```\n"
            )


RUNS = {}
POOL = ThreadPoolExecutor(os.cpu_count())


def run_blocks(page):
    """Run the Python of `page` in a process of its own; where it fails, what it printed and its exit status."""
    command = [sys.executable, "-W", "error", str(Path(__file__).with_name("blocks.py")), str(page)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return f"{done.stdout}exit status {done.returncode}" if done.returncode else ""


def start_blocks(app):
    """Run the Python of the pages, as many at once as there are cores, while Sphinx reads them."""
    for page in Path(app.srcdir).rglob("*.md"):
        if re.search(r"^```(python|pycon)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            RUNS[page] = POOL.submit(run_blocks, page)


def check_blocks(app, env):
    """Warn of blocks that failed."""
    for page, run in RUNS.items():
        if told := run.result():
            getLogger(__name__).warning("a block of Python fails:\n%s", told, location=str(page))


def setup(app):
    """What Sphinx calls first."""
    app.connect("builder-inited", start_blocks)
    app.connect("env-check-consistency", check_blocks)
    app.connect("source-read", add_contents)
