"""Run the examples and write the gallery, docs/gallery.md and its pictures: `python docs/gallery.py [NAME...]`.

Named examples alone are run anew; the rows of the others stay.
"""

import ast
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
PAGE, PICTURES = HERE / "gallery.md", HERE / "pictures"
HEAD = """# Gallery: examples with their plots

What the [examples](examples/README.md) draw, and the processor time that each takes with
NumPy, from the start of Python to the plot. The page is written by `python docs/gallery.py`.

| | program | seconds |
|---|---|---|
"""


def seconds() -> float:
    """The processor time of the programs run so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def row(path: Path) -> str:
    """Run an example, keep its picture, and give its line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        plot, before = Path(folder) / "plot.png", seconds()
        subprocess.run([sys.executable, str(path), "--plot", str(plot)], check=True, stdout=subprocess.DEVNULL)
        took = seconds() - before
        picture = Image.open(plot).convert("RGB")
        picture.thumbnail((640, 480))
        picture.quantize(48).save(PICTURES / f"{path.stem}.png", optimize=True)
    said = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    link = f"[`{path.name}`](examples/{path.name})"
    return f"| ![{path.stem}](pictures/{path.stem}.png) | {link}: {said} | {took:.0f} |\n"


def main(names: list[str]) -> None:
    """Write the page."""
    lines = PAGE.read_text(encoding="utf-8").splitlines(keepends=True) if PAGE.exists() else []
    rows = ""
    for path in sorted((HERE / "examples").glob("*.py")):
        kept = [line for line in lines if f"examples/{path.name})" in line]
        if all(word in path.read_text(encoding="utf-8") for word in ('"__main__"', "--plot")):
            rows += kept[0] if kept and path.stem not in (names or [path.stem]) else row(path)
    PAGE.write_text(HEAD + rows, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
