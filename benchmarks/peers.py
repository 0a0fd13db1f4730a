"""The libraries that run side by side: how each is recognised, prepared and read back as NumPy arrays."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


def _nothing() -> None:
    """Most libraries need no preparation."""


def _torch_on_one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _jax_with_float64() -> None:
    import jax

    jax.config.update("jax_enable_x64", True)


def _engine_with_float64() -> None:
    """Tapegrad's engine is what TAPEGRAD_BACKEND says; JAX's computes in float64 only if told to."""
    if os.environ.get("TAPEGRAD_BACKEND") == "jax":
        _jax_with_float64()


@dataclass(frozen=True)
class Peer:
    """One way to write a workload: the library behind it, and how to read its arrays."""

    name: str
    title: str
    module: str
    prepare: Callable[[], None] = _nothing
    to_numpy: Callable[[Any], np.ndarray] = np.asarray

    @property
    def installed(self) -> bool:
        """Whether the library can be imported here."""
        return importlib.util.find_spec(self.module) is not None


PEERS = {
    peer.name: peer
    for peer in (
        Peer("hand", "NumPy by hand", "numpy"),
        Peer("tapegrad", "tapegrad", "tapegrad", _engine_with_float64, lambda array: array.asnumpy()),
        Peer("compiled", "tapegrad, compiled", "tapegrad", _engine_with_float64, lambda array: array.asnumpy()),
        Peer("gluon", "Gluon", "tapegrad", _engine_with_float64, lambda array: array.asnumpy()),
        Peer("hybridized", "Gluon, hybridized", "tapegrad", _engine_with_float64, lambda array: array.asnumpy()),
        Peer("checkpoint", "tapegrad, checkpoints", "tapegrad", _engine_with_float64, lambda array: array.asnumpy()),
        Peer("C", "fused C", "tapegrad"),
        Peer("torch", "PyTorch", "torch", _torch_on_one_thread, lambda array: array.detach().numpy()),
        Peer("torch.compile", "torch.compile", "torch", _torch_on_one_thread, lambda array: array.detach().numpy()),
        Peer("hips", "HIPS/autograd", "autograd"),
        Peer("jax", "JAX jit", "jax", _jax_with_float64),
    )
}
