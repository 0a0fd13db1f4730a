"""How Sphinx makes the documentation: Markdown by MyST, in the furo theme."""

from importlib.metadata import version as version_of

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
