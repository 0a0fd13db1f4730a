"""How Sphinx makes the documentation: Markdown by MyST, in the furo theme."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version as version_of
from pathlib import Path

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util.logging import getLogger

sys.path.insert(0, str(Path(__file__).parent))
import reference

project = "tapegrad"
author = "the tapegrad maintainers"
project_copyright = author
release = version = version_of("tapegrad")

extensions = ["myst_parser"]
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
suppress_warnings = ["ref.python"]  # a type in a signature may be described under two public names
html_math_renderer = "mathml"  # which browsers have in them; MathJax would come over the network
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"tapegrad {release}"
html_static_path, html_css_files = ["_static"], ["site.css"]

# A code host shows index.md as well, where a toctree would be a block of code; so the site's contents are here.
CONTENTS = {
    "Start": "tutorial migrate-from-autograd migrate-from-jax migrate-from-pytorch migrate-from-mxnet",
    "Examples": "gallery examples/README",
    "Guides": "choose-an-engine numbers-you-can-trust views-and-writes transforms nn random saving compile gpu "
    "many-devices",
    "Functions": "numpy scipy conventions",
    "Extend it": "add-an-op add-an-engine conformance",
    "How it is made, how good it is": "how-it-works architecture conformance-results",
}


if tags.has("reference"):  # noqa: F821  (Sphinx has it there)
    reference.write(Path(__file__).parent / "reference")
    CONTENTS["Reference"] = "reference/index"
else:
    exclude_patterns += ["reference"]


def add_contents(app, docname, source):
    """Append the site's contents to its first page."""
    if docname == "index":
        for caption, pages in CONTENTS.items():
            source[0] += (
                "\n```{toctree}\n:hidden:\n:caption: " + caption + "\n\n" + "\n".join(pages.split()) + "\n```\n"
            )


POOL, RUNS = ThreadPoolExecutor(os.cpu_count()), {}


def run_blocks(page):
    """What the Python of a page says when it is run in a process of its own, if it fails."""
    command = [sys.executable, "-W", "error", str(Path(__file__).parent / "blocks.py"), str(page)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return f"{done.stdout}exit status {done.returncode}" if done.returncode else ""


def start_blocks(app):
    """Run the Python of each page while Sphinx reads them; the reference has doctests of its own."""
    for page in Path(app.srcdir).rglob("*.md"):
        blocks = re.search(r"^```(python|pycon)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        if blocks and page.parent.name != "reference":
            RUNS[page] = POOL.submit(run_blocks, page)


def check_blocks(app, env):
    """Warn of blocks that failed."""
    for page, run in RUNS.items():
        if said := run.result():
            getLogger(__name__).warning("a block of Python fails:\n%s", said, location=str(page))


def formula(block):
    """What writes a formula as MathML."""

    def write(writer, node):
        writer.body.append(tex2mathml(node.astext(), as_block=block))
        raise SkipNode

    return write, None


def setup(app):
    """What Sphinx calls first."""
    app.add_html_math_renderer("mathml", inline_renderers=formula(False), block_renderers=formula(True))
    app.connect("builder-inited", start_blocks)
    app.connect("env-check-consistency", check_blocks)
    app.connect("source-read", add_contents)
