"""Run the Python of a page, as its reader would in an empty folder: `python docs/blocks.py PAGE`.

A block called `python` is run, one called `pycon` must print what it says, and one called `py` is only shown. What
follows a line with a file's name is that file.
"""

import doctest
import os
import re
import sys
import tempfile
from pathlib import Path

from tapegrad.tools import tour

FILE = re.compile(r"^`([\w.]+)`:?\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SESSION = re.compile(r"^```pycon\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def run(path: Path) -> None:
    """Run a page; what a block raises goes through."""
    page = path.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.path.insert(0, folder)
        for name, source in FILE.findall(page):
            Path(name).write_text(source, encoding="utf-8")
        for _ in tour.run(tour.parse(FILE.sub("", page))):
            pass
        session = doctest.DocTestParser().get_doctest("\n".join(SESSION.findall(page)), {}, path.name, str(path), 0)
        if doctest.DocTestRunner(optionflags=FLAGS).run(session).failed:
            sys.exit(1)
        os.chdir(path.parent)


if __name__ == "__main__":
    run(Path(sys.argv[1]).resolve())
