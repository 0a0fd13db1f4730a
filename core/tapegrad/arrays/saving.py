"""Pytrees in files of the safetensors format, which any of its readers opens; the structure stands in the header."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engines.registry import backend_of, get_backend
from ..errors import ArgumentError, ArgumentTypeError, FileFormatError, ShapeError, UnknownArrayError, a_kind
from ..tape.tracebacks import open_doors
from .array import Array, plain_value
from .entering import make
from .safetensors import damaged, file_name, pack, unpack, write, write_together
from .trees import NAMESPACE, is_container, unflatten

if TYPE_CHECKING:
    from ..engines.backend import Backend
    from ..typing import Tree

__all__ = ["load", "save"]

KEY = "tapegrad"
"""Under which the metadata have the structure."""

PLAIN = (bool, int, float, str)
"""What stands in the structure itself, with None."""

OTHERS = {
    **dict.fromkeys((".npy", ".npz"), "NumPy's format is written by numpy.savez, which takes our arrays"),
    ".params": "MXNet's format is written by tapegrad.nd.save",
    **dict.fromkeys((".pkl", ".pickle", ".pt", ".pth"), "Pickles are written by pickle.dump, which takes our arrays"),
}
"""Endings of names that say another format, and who writes it."""


def save(path: str | os.PathLike[str], tree: Tree) -> None:
    """Write a pytree of arrays to a file in the safetensors format.

    Dicts, lists, tuples, None, numbers and strings come back from `load` as they were; other containers if it is told
    what the tree is like. Arrays have names in the file by their places, such as "layers.0.weight", so that it is of
    use to other programs. Arrays that are being differentiated are saved as the numbers that they are.

    Shapes: any.

    Dtypes: those of the format: not complex128. bfloat16 arrays of an engine are saved as they are.

    Raises: `TypeError` for leaves that are neither arrays nor numbers or strings, and keys that are neither strings nor
    integers, `DtypeError` for a dtype that the format lacks, `ValueError` for a name with the ending of another format,
    `OSError` if the file cannot be written; what was there before is then left.

    >>> import tempfile
    >>> import tapegrad, tapegrad.numpy as tnp
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tapegrad.save(folder + "/model", {"w": [tnp.ones(2)], "steps": 3})
    ...     tapegrad.load(folder + "/model")
    {'w': [Array([1., 1.], dtype=float32)], 'steps': 3}
    """
    import json

    target = Path(file_name(path, "save"))
    if other := OTHERS.get(target.suffix):
        raise ArgumentError(
            f"save() writes safetensors, which {str(target)!r} does not say; name the file .safetensors. {other}"
        )
    names, leaves, _ = _named(tree)
    values = {name: leaf for name, leaf in zip(names.values(), leaves, strict=True) if isinstance(leaf, PLAIN)}
    arrays = {name: leaf for name, leaf in zip(names.values(), leaves, strict=True) if name not in values}
    metadata = {KEY: json.dumps({"tree": _described(tree, (), names), "values": values})}
    shared = {name: part for name, leaf in arrays.items() if (part := _shared(leaf)) is not None}
    host = {name: _host(leaf, name) for name, leaf in arrays.items() if name not in shared}
    if not shared:
        write(target, pack(host, metadata))
        return
    engine = next(iter(shared.values()))[0]
    likes = {name: (x.dtype, x.shape) for name, x in host.items()}
    likes |= {name: (engine.dtype_of(raw), tuple(raw.shape)) for name, (engine, raw, _) in shared.items()}
    parts = {name: parts for name, (_, _, parts) in shared.items()}
    write_together(target, {name: likes[name] for name in arrays}, metadata, parts, host, engine.meet)


def load(path: str | os.PathLike[str], like: Tree | None = None, *, backend: str | Backend | None = None) -> Tree:
    """Read what `save` or another program wrote in the safetensors format: the pytree, or a dict of arrays by name.

    `like`: a pytree of the same structure, which the result then has, whatever its containers; arrays in it have the
    shapes of those in the file, other leaves may be anything. `backend`: the engine that the arrays are to be on, or
    the default one. Nothing in a file is run.

    Shapes: as in the file.

    Dtypes: as in the file; bfloat16 comes as float32.

    Raises: `FileFormatError` for a file that is damaged or of another format, before memory is taken for what it
    pretends to hold, `ValueError` for a file that holds another tree or other shapes than `like`, or containers that
    only `like` can make, `OSError` for one that cannot be opened.

    >>> import tempfile
    >>> import tapegrad, tapegrad.numpy as tnp
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tapegrad.save(folder + "/x", (tnp.ones(1), None))
    ...     tapegrad.load(folder + "/x", backend="numpy")
    (Array([1.], dtype=float32), None)
    """
    import json

    name = file_name(path, "load")
    engine = get_backend() if backend is None else get_backend(backend)
    with open(name, "rb") as file:
        try:
            host, metadata = unpack(file, os.fstat(file.fileno()).st_size)
            flat = {"tree": {"dict": [[place, place] for place in host]}, "values": {}}
            structure = json.loads(metadata[KEY]) if KEY in metadata else flat
            leaves: dict[str, Any] = structure["values"]
            if not all(isinstance(x, PLAIN) for x in leaves.values()) or host.keys() & leaves.keys():
                raise FileFormatError("the numbers in its structure are none")
            unknown: list[str] = []
            _built(structure["tree"], {**leaves, **host}, unknown)
        except Exception as error:
            raise damaged(error, repr(name)) from error
    if like is None and unknown:
        raise ArgumentError(f"{name!r} holds a {unknown[0]}; give load() such a tree: like=...")
    leaves |= {place: make(x, backend=engine) for place, x in host.items()}
    if like is None:
        return _built(structure["tree"], leaves, unknown)
    names, parts, spec = _named(like)
    if {*names.values()} != leaves.keys():
        differ = ", ".join(sorted({*names.values()} ^ leaves.keys())[:5])
        raise ArgumentError(f"{name!r} holds another tree than `like`; they differ in {differ}")
    for place, part in zip(names.values(), parts, strict=True):
        shapes = getattr(leaves[place], "shape", ()), getattr(part, "shape", None)
        if shapes[1] is not None and shapes[0] != tuple(shapes[1]):
            raise ShapeError(f"{name!r} holds {place!r} of shape {shapes[0]}, and `like` has it of shape {shapes[1]}")
    return unflatten(spec, [leaves[place] for place in names.values()])


def _described(tree: Any, path: tuple[Any, ...], names: Mapping[Any, str]) -> Any:
    """What `load` makes the tree of again: names for leaves, and containers that are Python's own."""
    if tree is None:
        return None
    if type(tree) is dict:
        for key in tree:
            if not isinstance(key, (str, int)):
                raise ArgumentTypeError(f"save(): keys are strings or integers, not {key!r}")
        return {"dict": [[key, _described(tree[key], (*path, key), names)] for key in tree]}
    if type(tree) in (list, tuple):
        return {type(tree).__name__: [_described(x, (*path, i), names) for i, x in enumerate(tree)]}
    return {"class": type(tree).__name__} if is_container(tree) else names[path]


def _built(node: Any, leaves: Mapping[str, Any], unknown: list[str]) -> Any:
    """The tree of a description, with the leaves of those names; classes that are not known are noted."""
    if node is None:
        return None
    if isinstance(node, str):
        return leaves[node]
    ((kind, parts),) = node.items()
    if kind == "dict":
        return {_key(key): _built(part, leaves, unknown) for key, part in parts}
    if kind in ("list", "tuple"):
        elements = [_built(part, leaves, unknown) for part in parts]
        return elements if kind == "list" else tuple(elements)
    if kind != "class" or not isinstance(parts, str):
        raise FileFormatError(f"its structure has a {kind!r}")
    unknown.append(parts)
    return None


def _key(key: Any) -> Any:
    if not isinstance(key, (str, int)):
        raise FileFormatError(f"its structure has the key {key!r}")
    return key


def _shared(leaf: Any) -> tuple[Backend, Any, Any] | None:
    """Of an array that processes hold together: its engine, itself, and what this process is to write of it."""
    try:
        raw = plain_value(leaf, "save()") if isinstance(leaf, Array) else leaf
        engine = backend_of(raw)
    except UnknownArrayError:
        return None
    parts = engine.parts(raw)
    return None if parts is None else (engine, raw, parts)


def _host(leaf: Any, name: str) -> np.ndarray[Any, Any]:
    if isinstance(leaf, Array):
        return leaf.asnumpy()
    try:
        return np.asarray(leaf) if isinstance(leaf, np.generic) else backend_of(leaf).to_numpy(leaf)
    except UnknownArrayError as error:
        raise ArgumentTypeError(f"save(): {name!r} is {a_kind(leaf)}, not an array, a number or a string") from error


def _named(tree: Any) -> tuple[dict[Any, str], list[Any], Any]:
    """Names of the leaves by their paths, the leaves, and the structure."""
    import optree

    paths, leaves, spec = optree.tree_flatten_with_path(tree, namespace=NAMESPACE)
    names: dict[Any, str] = {}
    taken: set[str] = set()
    for path in paths:
        name = plain = ".".join(map(str, path)) or "array"
        count = 1
        while name in taken:
            count += 1
            name = f"{plain}~{count}"
        taken.add(name)
        names[path] = name
    return names, leaves, spec


open_doors(sys.modules[__name__])
