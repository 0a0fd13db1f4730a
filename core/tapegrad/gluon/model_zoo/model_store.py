"""Where files of trained values are looked for."""

from __future__ import annotations

from ...errors import ArgumentError
from ..utils import kept

__all__ = ["get_model_file"]


def get_model_file(name: str, root: str | None = None) -> str:
    """The file of a network's trained values, `name.params` or MXNet's own `name-0123abcd.params`, in a folder.

    Raises `ValueError`, which says where to put the file, if it is not there: nothing is downloaded.

    >>> get_model_file("alexnet", "nowhere")
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: pretrained=True downloads nothing; save the values of 'alexnet' as ...
    """
    folder = kept(root, "models")
    for path in (folder / f"{name}.params", *sorted(folder.glob(f"{name}-????????.params"))):
        if path.is_file():
            return str(path)
    raise ArgumentError(
        f"pretrained=True downloads nothing; save the values of {name!r} as {str(folder / name)!r}.params, in MXNet's "
        "format, or say in which folder that is, by root="
    )
