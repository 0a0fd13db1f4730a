"""The table that `Block.summary` prints."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..ndarray.ndarray import NDArray
from .parameter import Parameter

if TYPE_CHECKING:
    from .block import Block

LINE = "{:>20}  {:>42} {:>15}"


def _shapes(outputs: Any) -> Any:
    """The shape of an array, or of each in nested lists."""
    if isinstance(outputs, NDArray):
        return outputs.shape
    if isinstance(outputs, (list, tuple)):
        return [_shapes(part) for part in outputs]
    return outputs


def _shown(outputs: Any) -> str:
    shapes = _shapes(outputs)
    return str(shapes)[1:-1] if isinstance(shapes, list) else str(shapes)


def _count(parameters: list[Parameter]) -> int:
    return sum(math.prod(parameter.shape or ()) for parameter in parameters)


def summarize(block: Block, inputs: Any) -> None:
    """Print what inputs pass in a block: each layer, the shape of its output, the number of its parameters."""
    rows = [("Input", _shown(inputs), 0)]
    met: list[Parameter] = []
    hooks = []

    def listen(inner: Block) -> None:
        def note(_block: Block, _inputs: Any, outputs: Any) -> None:
            own = list(inner.params.values())
            rows.append((f"{type(inner).__name__}-{len(rows)}", _shown(outputs), _count(own)))
            met.extend(own)

        if not getattr(inner, "is_sequence", False):
            hooks.append(inner.register_forward_hook(note))

    block.apply(listen)
    try:
        block(*inputs)
    finally:
        for hook in hooks:
            hook.detach()
    unique = list(dict.fromkeys(met))
    everything, once = _count(met), _count(unique)
    trainable = _count([parameter for parameter in met if parameter.grad_req != "null"])
    print("-" * 80)
    print(LINE.format("Layer (type)", "Output Shape", "Param #"))
    print("=" * 80)
    for row in rows:
        print(LINE.format(*row))
    print("=" * 80)
    print("Parameters in forward computation graph, duplicate included")
    print(f"   Total params: {everything}")
    print(f"   Trainable params: {trainable}")
    print(f"   Non-trainable params: {everything - trainable}")
    print(f"Shared params in forward computation graph: {everything - once}")
    print(f"Unique parameters in model: {once}")
    print("-" * 80)
