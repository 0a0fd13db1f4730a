"""Arrays by key, which the copies of a program's devices are added up in; all on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import ArgumentError
from .ndarray.ndarray import NDArray
from .optimizer import Optimizer, Updater, get_updater

__all__ = ["KVStore", "create"]
__dir__ = __all__.copy

LOCAL = ("local", "device", "nccl", "local_allreduce_cpu", "local_allreduce_device")


def _pairs(key: Any, values: Any) -> list[tuple[Any, list[NDArray]]]:
    """Keys with the arrays for each, of one key and its arrays or of lists of both."""
    several = isinstance(key, (list, tuple))
    keys, groups = (key, values) if several else ([key], [values])
    if len(keys) != len(groups):
        raise ArgumentError(f"{len(keys)} keys for {len(groups)} values; give one for each")
    return [(k, list(v) if isinstance(v, (list, tuple)) else [v]) for k, v in zip(keys, groups, strict=True)]


class KVStore:
    """Arrays by key: what is pushed under a key is added up, and replaces what is there or updates it.

    Raises: `ValueError` for a key that was not initialized, or was before.

    >>> from tapegrad import nd
    >>> store = create("local")
    >>> store.init("w", nd.zeros(1))
    >>> store.push("w", [nd.ones(1), nd.ones(1)])
    >>> out = nd.zeros(1)
    >>> store.pull("w", out=out)
    >>> out.asscalar()
    np.float32(2.0)
    """

    rank = 0
    num_workers = 1

    def __init__(self, kind: str) -> None:
        self.type = kind
        self._stored: dict[Any, NDArray] = {}
        self._updater: Callable[..., Any] | None = None

    def _at(self, key: Any) -> NDArray:
        if key not in self._stored:
            raise ArgumentError(f"there is no key {key!r}; init() it before")
        return self._stored[key]

    def init(self, key: Any, value: Any) -> None:
        """Enter arrays under new keys."""
        for k, arrays in _pairs(key, value):
            if k in self._stored:
                raise ArgumentError(f"the key {k!r} is there already")
            self._stored[k] = arrays[0].detach().copy()

    def broadcast(self, key: Any, value: Any, out: Any, priority: int = 0) -> None:
        """`init`, then `pull`."""
        self.init(key, value)
        self.pull(key, out)

    def push(self, key: Any, value: Any, priority: int = 0) -> None:
        """Add up arrays under their key; with an updater they are its gradient, else they replace what is there."""
        for k, arrays in _pairs(key, value):
            stored = self._at(k)
            total = arrays[0]._detached().as_in_context(stored.context)
            for x in arrays[1:]:
                total = total + x._detached().as_in_context(stored.context)
            if self._updater is None:
                stored[:] = total
            else:
                self._updater(int(k) if isinstance(k, str) and k.isdigit() else k, total, stored)

    def pull(self, key: Any, out: Any = None, priority: int = 0, ignore_sparse: bool = True) -> None:
        """Write what is under keys to arrays."""
        for k, arrays in _pairs(key, out):
            for x in arrays:
                x[:] = self._at(k).as_in_context(x.context)

    def pushpull(self, key: Any, value: Any, out: Any = None, priority: int = 0) -> None:
        """`push`, then `pull`, into the values themselves without `out`; keys that are new are only added up."""
        for k, arrays in _pairs(key, value):
            if k not in self._stored:
                self.init(k, arrays[0])
        self.push(key, value)
        self.pull(key, value if out is None else out)

    def set_optimizer(self, optimizer: Optimizer) -> None:
        """Have an optimizer update what is there, by what is pushed."""
        self._updater = get_updater(optimizer)

    def _set_updater(self, updater: Callable[..., Any]) -> None:
        self._updater = updater

    set_updater = _set_updater

    def _states(self) -> Updater:
        if not isinstance(self._updater, Updater):
            raise ArgumentError("there is no optimizer in this store; set_optimizer() before")
        return self._updater

    def save_optimizer_states(self, fname: str, dump_optimizer: bool = False) -> None:
        """Write the states of the optimizer to a file."""
        Path(fname).write_bytes(self._states().get_states(dump_optimizer))

    def load_optimizer_states(self, fname: str) -> None:
        """Read what `save_optimizer_states` wrote."""
        self._states().set_states(Path(fname).read_bytes())

    def set_gradient_compression(self, compression_params: Any) -> None:
        """Refused: nothing leaves this machine."""
        raise ArgumentError("set_gradient_compression(): gradients do not leave this machine; leave it out")

    @staticmethod
    def is_capable(capability: str) -> bool:
        """Whether the store can hold the optimizer, `"optimizer"`."""
        return capability.lower() == "optimizer"

    def barrier(self) -> None:
        """Nothing: there is one worker."""

    def __len__(self) -> int:
        return len(self._stored)


def create(name: str = "local") -> KVStore:
    """A store on this machine: "local" or "device", which are the same here.

    Raises: `ValueError` for stores of several machines.

    >>> create("device").type
    'device'
    """
    if name not in LOCAL:
        raise ArgumentError(f"there is no store {name!r} here; choose 'local' or 'device', for devices of this machine")
    return KVStore(name)
