"""What `help()` says of a function of this face: its author's words, and what its signature says already.

The author writes the meaning in a line, and an example, which need not import `tapegrad` and `tnp`. `Shapes:` and
`Dtypes:` are written where they do not follow; `Raises:` is about what is raised besides.
"""

from __future__ import annotations

from types import FunctionType

from ..op.words import Words

__all__ = ["explained"]

ARRAYS = frozenset(
    (
        *("a", "a1", "a2", "ar", "ar1", "ar2", "arr", "arrays", "ary", "b", "element", "filt", "keys", "m"),
        *("p", "sample", "v", "x", "x1", "x2", "y", "z"),
    )
)
"""The names of arguments that are arrays."""


def explained(function: FunctionType) -> str:
    """The docstring of a public function."""
    words = Words(function.__doc__ or "")
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    required = names[: code.co_argcount - len(function.__defaults__ or ())]
    arrays = [f"`{name}`" for name in names[:2] if name in ARRAYS and (name == names[0] or name in required)]
    derived, raised = [], []
    if {"axis", "keepdims"} <= {*names}:
        which = (
            "an int, a tuple, None for all" if function.__annotations__["axis"] == "Any" else "an int, or None for all"
        )
        where = f"; `where` broadcasts with {arrays[0]}" if "where" in names else ""
        derived.append(f"Shapes: `axis` ({which}) goes, or keeps length 1 with `keepdims`{where}.")
    elif names[:1] == ("shape",):
        derived.append("Shapes: `shape`, an int or several.")
        raised += ["`TypeError` for a `shape` that is not one", "`ShapeError` for negative lengths"]
    elif len(arrays) == 2:
        derived.append(f"Shapes: {' and '.join(arrays)} broadcast; the result has the shape they have in common.")
        if "Shapes:" not in words.own:
            raised.append("`ShapeError` for shapes that do not broadcast")
    elif arrays:
        derived.append(f"Shapes: any; the result has that of {arrays[0]}.")
    if len(arrays) == 2:
        derived.append(f"Dtypes: {' and '.join(arrays)} are promoted to one, which the result has.")
    elif arrays:
        derived.append(f"Dtypes: any; the result has that of {arrays[0]}.")
    elif "dtype" in names:
        derived.append("Dtypes: `dtype`, or the default float.")
    if "axis" in names or "axis1" in names:
        raised.append("`AxisError` for an axis that is not there")
    if words.own.get("Dtypes:", "").startswith("Dtypes: real numbers"):
        raised.append("`DtypeError` for complex numbers")
    if "dtype" in names:
        raised.append("`DtypeError` for a `dtype` that is not one")
    if arrays:
        raised.append("`TypeError` for anything that is not an array")
    if raised:
        derived.append(f"Raises: {', '.join(raised)}.")
    words.raises(raised)
    words.imports()
    return words.joined(words.paragraphs(derived))
