"""Cells that convolve, one that projects its output, and one that drops the same elements at every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ndarray as nd
from ...errors import ArgumentError
from ..nn.conv_layers import OfSpace
from ..rnn.rnn_cell import BidirectionalCell, GRUCell, LSTMCell, ModifierCell, RNNCell, Way, _GatedCell

__all__ = [
    "Conv1DGRUCell",
    "Conv1DLSTMCell",
    "Conv1DRNNCell",
    "Conv2DGRUCell",
    "Conv2DLSTMCell",
    "Conv2DRNNCell",
    "Conv3DGRUCell",
    "Conv3DLSTMCell",
    "Conv3DRNNCell",
    "LSTMPCell",
    "VariationalDropoutCell",
]
__dir__ = __all__.copy


class _Convolving(OfSpace, _GatedCell):
    """What makes a cell convolve: its sums are of convolutions, over as many axes as the class says.

    The states have the height and width that the convolution of the inputs leaves, which that of the states keeps.
    """

    _doc = """The cell of `gluon.rnn` with convolutions for its sums: X. Shi et al. (2015).

    Shapes: (n, *input_shape) gives (n, hidden_channels, …), which is also that of the states; with an odd `i2h_kernel`
    and `i2h_pad` of half of it images stay as large as they are. `conv_layout` may have the channels last.

    Raises: `ValueError` for an `h2h_kernel` of even size.

    >>> from tapegrad import nd
    >>> cell = {name}({shape}, hidden_channels=3, i2h_kernel=3, h2h_kernel=3, i2h_pad=1)
    >>> cell.initialize()
    >>> outputs, states = cell.unroll(5, nd.ones((1, 5, *{shape})), merge_outputs=True)
    >>> outputs.shape == (1, 5, 3, *{shape}[1:])
    True
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        hidden_channels: int,
        i2h_kernel: Any,
        h2h_kernel: Any,
        i2h_pad: Any = 0,
        i2h_dilate: Any = 1,
        h2h_dilate: Any = 1,
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        conv_layout: str | None = None,
        activation: Any = "tanh",
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super(_GatedCell, self).__init__(prefix, params)
        kernel, onwards = self._each("i2h_kernel", i2h_kernel), self._each("h2h_kernel", h2h_kernel)
        pad, dilate = self._each("i2h_pad", i2h_pad), self._each("i2h_dilate", i2h_dilate)
        spread = self._each("h2h_dilate", h2h_dilate)
        if not all(size % 2 for size in onwards):
            raise ArgumentError(f"{type(self).__name__}: h2h_kernel is {h2h_kernel}; only odd sizes keep the states")
        layout = self._laid_out(conv_layout)
        last = layout.endswith("C")
        *space, channels = input_shape if last else (*input_shape[1:], input_shape[0])
        room = tuple(n + 2 * p - d * (k - 1) for n, p, d, k in zip(space, pad, dilate, kernel, strict=True))
        self._state = (*room, hidden_channels) if last else (hidden_channels, *room)
        self._layout, self._activation = layout, activation
        self._gate_axis = layout.find("C")
        self._hidden_size, self._input_size = hidden_channels, channels
        same = {"num_filter": self._gates * hidden_channels, "layout": layout}
        kept = tuple(d * (k - 1) // 2 for d, k in zip(spread, onwards, strict=True))
        self._entering = {"kernel": kernel, "pad": pad, "dilate": dilate, **same}
        self._onwards = {"kernel": onwards, "pad": kept, "dilate": spread, **same}
        widths = (channels, kernel), (hidden_channels, onwards)
        entering, leaving = ((*sizes, width) if last else (width, *sizes) for width, sizes in widths)
        initializers = i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer
        self._enter_all(entering, leaving, initializers)

    def _alias(self) -> str:
        return "conv_" + super()._alias()

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return [{"shape": (batch_size, *self._state), "__layout__": self._layout} for _ in range(self._count)]

    def _sums(self, F: Any, x: Any, h: Any, i2h_weight: Any, h2h_weight: Any, i2h_bias: Any, h2h_bias: Any) -> Any:
        entering = F.Convolution(x, i2h_weight, i2h_bias, **self._entering)
        return entering, F.Convolution(h, h2h_weight, h2h_bias, **self._onwards)

    def __repr__(self) -> str:
        rows = self._entering["num_filter"]
        return f"{type(self).__name__}({self._input_size} -> {rows}, {self._activation}, {self._layout})"


class Conv1DRNNCell(_Convolving, RNNCell, axes=1): ...


class Conv2DRNNCell(_Convolving, RNNCell, axes=2): ...


class Conv3DRNNCell(_Convolving, RNNCell, axes=3): ...


class Conv1DLSTMCell(_Convolving, LSTMCell, axes=1): ...


class Conv2DLSTMCell(_Convolving, LSTMCell, axes=2): ...


class Conv3DLSTMCell(_Convolving, LSTMCell, axes=3): ...


class Conv1DGRUCell(_Convolving, GRUCell, axes=1): ...


class Conv2DGRUCell(_Convolving, GRUCell, axes=2): ...


class Conv3DGRUCell(_Convolving, GRUCell, axes=3): ...


class LSTMPCell(LSTMCell):
    """`rnn.LSTMCell` whose output and first state are projected: H. Sak et al. (2014).

    Shapes: (n, inputs) gives (n, projection_size); the states are that and the cells, (n, hidden_size).

    >>> LSTMPCell(6, projection_size=4, input_size=5)
    LSTMPCell(5 -> 24 -> 4)
    """

    _hint = "lstmp"

    def __init__(
        self,
        hidden_size: int,
        projection_size: int,
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        h2r_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        input_size: int = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        self._projection = projection_size, h2r_weight_initializer
        values = i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer
        super().__init__(hidden_size, *values, input_size, prefix, params)

    def _enter(self, name: str, shape: tuple[int, ...], init: Any) -> None:
        size, own = self._projection
        super()._enter(name, (shape[0], size) if name == "h2h_weight" else shape, init)
        if name == "h2h_weight":  # the third to be drawn
            super()._enter("h2r_weight", (size, shape[1]), own)

    def _words(self) -> str:
        return f" -> {self._projection[0]}"

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        output, cell = super().state_info(batch_size)
        return [{**output, "shape": (batch_size, self._projection[0])}, cell]

    def hybrid_forward(self, F: Any, x: Any, states: Any, *args: Any, **kwargs: Any) -> Any:
        weight = kwargs.pop("h2r_weight")
        output, (_, cell) = super().hybrid_forward(F, x, states, *args, **kwargs)
        projected = F.FullyConnected(output, weight, no_bias=True, num_hidden=self._projection[0])
        return projected, [projected, cell]


class VariationalDropoutCell(ModifierCell):
    """A cell that drops the same elements at every step, until `reset()`: Y. Gal and Z. Ghahramani (2016).

    Shapes: those of the other cell. Of its states the first is dropped.

    Raises: `ValueError` for `drop_states` of a BidirectionalCell.

    >>> from tapegrad.gluon import rnn
    >>> VariationalDropoutCell(rnn.LSTMCell(3), drop_outputs=0.5)
    VariationalDropoutCell(p_out = 0.5, p_state = 0.0)
    """

    _hint = "vardrop"

    def __init__(
        self, base_cell: Any, drop_inputs: float = 0.0, drop_states: float = 0.0, drop_outputs: float = 0.0
    ) -> None:
        if drop_states and isinstance(base_cell, BidirectionalCell):
            raise ArgumentError("VariationalDropoutCell: of a BidirectionalCell apply it to the cells within")
        super().__init__(base_cell)
        self.drop_inputs, self.drop_states, self.drop_outputs = drop_inputs, drop_states, drop_outputs

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p_out = {self.drop_outputs}, p_state = {self.drop_states})"

    def reset(self) -> None:
        super().reset()
        self._masks: dict[str, Any] = {}

    def _left(self, F: Any, what: str, x: Any) -> Any:
        p = getattr(self, what)
        if not p:
            return x
        if what not in self._masks:
            self._masks[what] = F.Dropout(F.ones_like(x), p=p)
        return x * self._masks[what]

    def hybrid_forward(self, F: Any, inputs: Any, states: Any) -> Any:
        first, *others = states
        states = [self._left(F, "drop_states", first), *others]
        output, after = self.base_cell(self._left(F, "drop_inputs", inputs), states)
        return self._left(F, "drop_outputs", output), after

    def _unroll(self, length: int, inputs: Any, states: Any, way: Way) -> Any:
        if self.drop_states:
            return super()._unroll(length, inputs, states, way)
        # All steps are there at once, so that one mask serves whole arrays.
        each, states = self._begun(inputs, length, way, states)
        axes = (way.layout.find("T"),)
        x = nd.stack(*each, axis=axes[0])
        x = nd.Dropout(x, p=self.drop_inputs, axes=axes) if self.drop_inputs else x
        outputs, states = self._of_base("unroll", length, x, states, *way._replace(merge=True))
        outputs = nd.Dropout(outputs, p=self.drop_outputs, axes=axes) if self.drop_outputs else outputs
        return way.outputs(outputs, length), states
