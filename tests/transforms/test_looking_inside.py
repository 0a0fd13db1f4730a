"""The tape as text and as a picture, hooks, and gradients of intermediate values."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.errors import NotRecordedError


def variable(values: Any) -> Any:
    """An array with a gradient."""
    x = tnp.asarray(np.asarray(values))
    x.attach_grad()
    return x


def test_a_picture_has_a_box_for_each_node_and_a_way_for_each_edge(tmp_path: Any) -> None:
    """An edge past a layer does not run behind a box of it."""
    x = variable([1.0, 2.0])
    with tapegrad.record():
        h = tnp.sin(x)
        y = tnp.sum(tnp.cos(tnp.exp(h)) * h)
    tapegrad.draw(y, str(tmp_path / "tape.svg"))
    root = ElementTree.parse(tmp_path / "tape.svg").getroot()
    names = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    names = [name for name in names if name[:5] != "float"]
    assert sorted(names) == ["cos", "exp", "h = sin", "multiply", "x", "y = sum"]
    boxes = [
        (float(r.get("x")), float(r.get("y")), float(r.get("width")))
        for r in root.iter("{http://www.w3.org/2000/svg}rect")
        if r.get("rx")
    ]
    ways = [p.get("d") for p in root.iter("{http://www.w3.org/2000/svg}path") if p.get("marker-end")]
    assert len(boxes) == 6 and len(ways) == 6
    (past,) = [way for way in ways if "V" in way]
    for x1, _, y2 in re.findall(r"(\S+) (\S+)V(\S+?)(?=C)", past):
        for left, top, width in boxes:
            assert not (left <= float(x1) <= left + width and top <= float(y2) - 18 <= top + 36)


def test_a_long_tape_is_not_drawn_unasked() -> None:
    x = variable([1.0])
    with tapegrad.record():
        y = x
        for i in range(300):
            y = y * float(i)
    with pytest.raises(ValueError, match="301 nodes, more than limit=200"):
        tapegrad.draw(y)
    assert tapegrad.draw(y, limit=400).count("<rect") == 302
    with pytest.raises(NotRecordedError, match="draw needs an array"):
        tapegrad.draw(tnp.ones(2))


def test_a_repeated_body_is_drawn_once_with_names_shapes_and_constants() -> None:
    u = variable([0.0, 1.0, 0.0, 2.0])
    with tapegrad.record():
        v = u + 0.0
        for _ in range(30):
            v[1:-1] += 0.5 * (v[2:] - v[:-2])
        y = tnp.sum(v, axis=0)
    picture = tapegrad.draw(y, names={"start": u, "result": y})
    for words in ("start", "result = sum", "setitem × 30", "multiply × 30", "y=0.5", "[1:-1]", "float64[2]", "axis=0"):
        assert f">{words}<" in picture, words
    assert picture.count("<rect") < 15 and picture._repr_svg_() == picture
    assert repr(picture).startswith("<picture of ") and str(picture) == picture
    y.backward()  # drawing has freed nothing


def test_a_picture_goes_to_a_file_that_says_svg(tmp_path: Any) -> None:
    x = variable([1.0])
    with tapegrad.record():
        y = x * 2.0
    with pytest.raises(ValueError, match=r"draw\(\) writes SVG, .*x.png' does not say; name the file .svg"):
        tapegrad.draw(y, str(tmp_path / "x.png"))


def test_what_is_printed_says_whether_an_array_is_tracked() -> None:
    x = variable([1.0])
    with tapegrad.record():
        y = x * 2.0
    assert repr(x) == "Array([1.], dtype=float64, tracked=variable)"
    assert repr(y) == "Array([2.], dtype=float64, tracked=multiply)"
    assert repr(y.detach()) == "Array([2.], dtype=float64)"
    assert "float64[1] on cpu(0), tracked by multiply" in y._repr_html_()
    assert repr(tapegrad.nd.array([1.0])) == str(tapegrad.nd.array([1.0])) == "\n[1.]\n<NDArray 1 @cpu(0)>"
    assert "&lt;NDArray 1 @cpu(0)&gt;" in tapegrad.nd.array([1.0])._repr_html_()


def test_a_summary_counts_what_is_kept() -> None:
    x = variable(np.ones(10))
    with tapegrad.record():
        y = tnp.sum(tnp.sin(x) * tnp.exp(x))
    lines = tapegrad.tape_summary(y).splitlines()
    assert lines[0] == "5 nodes, depth 3, 240 bytes kept"
    assert lines[1:] == ["  1 exp", "  1 multiply", "  1 sin", "  1 sum", "  1 variable"]


def test_a_summary_counts_what_checkpoints_and_rules_of_ones_own_keep() -> None:
    x = variable(np.ones(10))
    cube = tapegrad.custom(lambda x: x * x * x).defvjp(lambda x: (x * x * x, 3 * x * x), lambda kept, g: (kept * g,))
    with tapegrad.record():
        again = tapegrad.checkpoint(lambda x: tnp.sin(tnp.cos(x)))(2 * x)
        cubed = cube(x)
    assert tapegrad.tape_summary(again).splitlines()[0] == "4 nodes, depth 3, 80 bytes kept"
    assert tapegrad.tape_summary(cubed).splitlines()[0] == "3 nodes, depth 2, 160 bytes kept"


def test_retained_gradients_of_intermediate_values() -> None:
    """In each backward anew; the graph goes on to the variable."""
    x = variable([1.0, 2.0])
    with tapegrad.record():
        h = x * x
        h.retain_grad()
        y = tnp.sum(h * 3.0)
    y.backward()
    assert h.grad.tolist() == [3, 3] and x.grad.tolist() == [6, 12]


def test_hooks_see_and_replace_gradients_until_they_are_removed() -> None:
    x = variable([1.0, 2.0])
    seen = []
    with tapegrad.record():
        h = x * 2.0
        first = h.register_hook(lambda g: seen.append(g.tolist()))
        h.register_hook(lambda g: g * 10.0)
        y = tnp.sum(h)
    y.backward(retain_graph=True)
    assert seen == [[1, 1]] and x.grad.tolist() == [20, 20]
    first.remove()
    first.remove()
    y.backward()
    assert seen == [[1, 1]] and x.grad.tolist() == [20, 20]
