"""Data for several contexts, gradients of bounded norm, and files."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from .. import ndarray as nd
from ..context import Context
from ..errors import ArgumentError, FileFormatError
from ..ndarray.ndarray import NDArray

__all__ = ["check_sha1", "clip_global_norm", "download", "replace_file", "split_and_load", "split_data"]
__dir__ = __all__.copy


def kept(root: str | None, *parts: str) -> Path:
    """The folder `root`, or the one in which MXNet keeps such files."""
    home = os.environ.get("MXNET_HOME", os.path.join("~", ".mxnet"))
    return Path(root or os.path.join(home, *parts)).expanduser()


def split_data(data: NDArray, num_slice: int, batch_axis: int = 0, even_split: bool = True) -> list[NDArray]:
    """The data in as many slices along an axis; without `even_split` the first are longer by one.

    Shapes: each slice has those of the data but for the axis.

    Raises: `ValueError` where the slices are not even, unless `even_split` is False.

    >>> from tapegrad import nd
    >>> [x.shape for x in split_data(nd.ones((5, 2)), 2, even_split=False)]
    [(3, 2), (2, 2)]
    """
    size = data.shape[batch_axis]
    if even_split and size % num_slice:
        raise ArgumentError(
            f"data with shape {data.shape} cannot be evenly split into {num_slice} slices along axis {batch_axis}. Use "
            f"a batch size that's multiple of {num_slice} or set even_split=False to allow uneven partitioning of data."
        )
    num_slice = min(num_slice, size) or 1
    step, longer = divmod(size, num_slice)
    ends = [step * i + min(i, longer) for i in range(num_slice + 1)]
    return [nd.slice_axis(data, batch_axis, begin, end) for begin, end in pairwise(ends)]


def split_and_load(
    data: Any, ctx_list: Sequence[Context], batch_axis: int = 0, even_split: bool = True
) -> list[NDArray]:
    """`split_data` into as many slices as there are contexts, each moved to its own.

    Shapes: as `split_data`.

    Dtypes: any; what is not an NDArray becomes one of float32.

    Raises: as `split_data`.

    >>> import tapegrad as mx
    >>> [x.context for x in split_and_load([[1], [2]], [mx.cpu(0), mx.cpu(1)])]
    [cpu(0), cpu(1)]
    """
    data = data if isinstance(data, NDArray) else nd.array(data, ctx=ctx_list[0])
    slices = [data] if len(ctx_list) == 1 else split_data(data, len(ctx_list), batch_axis, even_split)
    return [x.as_in_context(ctx) for x, ctx in zip(slices, ctx_list, strict=False)]


def clip_global_norm(arrays: Sequence[NDArray], max_norm: float, check_isfinite: bool = True) -> Any:
    """Scale arrays in place so that their norm, together, is at most `max_norm`; the norm before is returned.

    Dtypes: floats.

    Raises: `ValueError` for no arrays. A norm that is not finite is warned of.

    >>> from tapegrad import nd
    >>> x = nd.array([3, 4])
    >>> clip_global_norm([x], 1.0)
    5.0
    >>> x.asnumpy().round(3).tolist()
    [0.6000000238418579, 0.800000011920929]
    """
    if not arrays:
        raise ArgumentError("clip_global_norm() takes a list of one array at least")
    norms = [x.detach().astype("float32").norm().asscalar().item() for x in arrays]
    total = math.sqrt(sum(norm * norm for norm in norms))
    if check_isfinite and not math.isfinite(total):
        warnings.warn("nan or inf is detected. Clipping results will be undefined.", stacklevel=2)
    scale = max_norm / (total + 1e-8)
    if scale < 1:
        for x in arrays:
            x[:] = x * scale
    return total if check_isfinite else nd.array([total])


def check_sha1(filename: str, sha1_hash: str) -> bool:
    """Whether a file has a SHA-1, of which the first digits are enough.

    Raises: `OSError` for a file that cannot be read.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     check_sha1(file.name, "da39a3ee")
    True
    """
    digest = hashlib.sha1(usedforsecurity=False)
    with open(filename, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest().startswith(sha1_hash)


def download(
    url: str,
    path: str | None = None,
    overwrite: bool = False,
    sha1_hash: str | None = None,
    retries: int = 5,
    verify_ssl: bool = True,
) -> str:
    """The name of the file that a URL names, copied to `path`: of one on this machine, or one that is there already.

    Raises: `ValueError` where it would have to be loaded from the network, `FileFormatError` for another `sha1_hash`.

    >>> download("https://example.org/data.zip")
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: download() loads nothing from a network; save https://example.org/data.zip as ...
    """
    parts = urlparse(url)
    name = Path(parts.path).name
    target = Path(name if path is None else path).expanduser()
    target = target / name if target.is_dir() else target
    if overwrite or not target.exists() or (sha1_hash and not check_sha1(str(target), sha1_hash)):
        if parts.scheme not in ("", "file"):
            raise ArgumentError(f"download() loads nothing from a network; save {url} as {str(target)!r} yourself")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(unquote(parts.path), target)
    if sha1_hash and not check_sha1(str(target), sha1_hash):
        raise FileFormatError(f"the SHA-1 of {str(target)!r} is not {sha1_hash}; it may be incomplete")
    return str(target)


def replace_file(src: str, dst: str) -> None:
    """Put a file in the place of another.

    Raises: `OSError` where that fails.

    >>> replace_file("nobody's", "nothing")
    Traceback (most recent call last):
    FileNotFoundError: ...
    """
    os.replace(src, dst)
