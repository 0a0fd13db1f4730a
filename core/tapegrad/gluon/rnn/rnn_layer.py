"""Recurrent layers over whole sequences: `nd.RNN` with parameters of their own for each layer and direction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ... import ndarray as nd
from ...errors import ArgumentError, GraphFreedError, ShapeError
from ...ndarray.ndarray import NDArray
from ...tape.nodes import Sweep
from ..block import HybridBlock

if TYPE_CHECKING:
    from ...initializer import Initializer
    from ...typing import DTypeLike

__all__ = ["GRU", "LSTM", "RNN"]

NAMES = ("i2h_weight", "h2h_weight", "i2h_bias", "h2h_bias")
GATES = {"rnn_relu": 1, "rnn_tanh": 1, "lstm": 4, "gru": 3}


def begin(func: Callable[..., NDArray], infos: list[dict[str, Any]], **kwargs: Any) -> list[NDArray]:
    """States by what is known of them, made by a function such as `nd.zeros`."""
    return [func(**{**{k: v for k, v in info.items() if k == "shape"}, **kwargs}) for info in infos]


def _live(state: NDArray) -> NDArray:
    """A state, which is a constant once a backward has freed what it was computed from.

    A layer is one operator in MXNet, whose states are let go of with its outputs; here they are nodes of their own.
    """
    try:
        parents = () if state._node is None else state._node.parents()
    except GraphFreedError:
        return state
    return state.detach() if any(isinstance(getattr(p, "xp", None), Sweep) for p in parents) else state


class _RNNLayer(HybridBlock):
    """What the three recurrent layers share."""

    _mode = "gru"
    _projection_size: int | None = None
    _h2r_weight_initializer: Any = None
    _clip: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self,
        hidden_size: int,
        num_layers: int = 1,
        layout: str = "TNC",
        dropout: float = 0,
        bidirectional: bool = False,
        input_size: int = 0,
        i2h_weight_initializer: Initializer | str | None = None,
        h2h_weight_initializer: Initializer | str | None = None,
        i2h_bias_initializer: Initializer | str = "zeros",
        h2h_bias_initializer: Initializer | str = "zeros",
        dtype: DTypeLike = "float32",
        use_sequence_length: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        initializers = i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer
        projection_size = self._projection_size
        if layout not in ("TNC", "NTC"):
            raise ArgumentError(f"layout is {layout!r}; choose 'TNC' or 'NTC'")
        self._hidden_size = hidden_size
        self._num_layers = num_layers
        self._layout = layout
        self._dropout = dropout
        self._dir = 2 if bidirectional else 1
        self._input_size = input_size
        self._dtype = dtype
        self._gates = GATES[self._mode]
        rows, shown = self._gates * hidden_size, projection_size or hidden_size
        width = input_size
        for layer in range(num_layers):
            for side in "lr"[: self._dir]:
                shapes = ((rows, width), (rows, shown), (rows,), (rows,))
                for name, shape, init in zip(NAMES, shapes, initializers, strict=True):
                    self._enter(f"{side}{layer}_{name}", shape, init)
                if projection_size:
                    self._enter(
                        f"{side}{layer}_h2r_weight", (projection_size, hidden_size), self._h2r_weight_initializer
                    )
            width = shown * self._dir

    def _enter(self, name: str, shape: tuple[int, ...], init: Any) -> None:
        parameter = self.params.get(name, shape=shape, init=init, allow_deferred_init=True, dtype=self._dtype)
        setattr(self, name, parameter)

    def __repr__(self) -> str:
        words = [f"{self._input_size or None} -> {self._hidden_size}", self._layout]
        words += [f"num_layers={self._num_layers}"] if self._num_layers != 1 else []
        words += [f"dropout={self._dropout}"] if self._dropout else []
        words += ["bidirectional"] if self._dir == 2 else []
        return f"{type(self).__name__}({', '.join(words)})"

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        """The shapes of the states."""
        size = self._projection_size or self._hidden_size
        shape = (self._num_layers * self._dir, batch_size, size)
        return [{"shape": shape, "__layout__": "LNC", "dtype": self._dtype}]

    def begin_state(self, batch_size: int = 0, func: Callable[..., NDArray] = nd.zeros, **kwargs: Any) -> list[NDArray]:
        """States to begin with, made by a function such as `nd.zeros`, to which `kwargs` go."""
        return begin(func, self.state_info(batch_size), **kwargs)

    def cast(self, dtype: Any) -> None:
        super().cast(dtype)
        self._dtype = dtype

    def forward(self, inputs: Any, states: Any = None, sequence_length: Any = None) -> Any:
        """The outputs of all steps, and behind them, if states were given, the last states.

        With `sequence_length` each sequence ends at its length, whether or not the layer was made with
        `use_sequence_length`.
        """
        if inputs.ndim != 3:
            raise ShapeError(
                f"{type(self).__name__}: inputs of shape {inputs.shape}; give three axes, {self._layout}: time (T), "
                "batch (N) and features (C)"
            )
        if self._input_size not in (0, inputs.shape[2]):
            raise ShapeError(
                f"{type(self).__name__}: inputs of shape {inputs.shape} have {inputs.shape[2]} features; the layer "
                f"takes {self._input_size}"
            )
        batch = inputs.shape[self._layout.find("N")]
        with_states = states is not None
        if states is None:
            states = self.begin_state(batch, ctx=inputs.context, dtype=inputs.dtype)
        states = [states] if isinstance(states, NDArray) else list(states)
        for state, info in zip(states, self.state_info(batch), strict=True):
            if state.shape != info["shape"]:
                raise ShapeError(
                    f"Invalid recurrent state shape. Expecting {info['shape']}, got {state.shape}: the batch has "
                    f"{batch} samples, in layout {self._layout}"
                )
        if not self._input_size:
            self._input_size = inputs.shape[2]
            for side in "lr"[: self._dir]:
                getattr(self, f"{side}0_i2h_weight").shape = (self._gates * self._hidden_size, self._input_size)
        for parameter in self.params.values():
            parameter._finish_deferred_init()
        outputs, *last = self._run(inputs, list(map(_live, states)), sequence_length)
        return (outputs, last) if with_states else outputs

    def _run(self, inputs: NDArray, states: list[NDArray], lengths: Any) -> list[NDArray]:
        ways = [f"{side}{layer}_" for layer in range(self._num_layers) for side in "lr"[: self._dir]]
        matrices = ("i2h_weight", "h2h_weight", *(("h2r_weight",) if self._projection_size else ()))
        names = [way + name for kinds in (matrices, ("i2h_bias", "h2h_bias")) for way in ways for name in kinds]
        flat = [self._reg_params[name]._of(inputs).reshape((-1,)) for name in names]
        swapped = self._layout == "NTC"
        outputs, *last = nd.RNN(
            nd.swapaxes(inputs, 0, 1) if swapped else inputs,
            nd.concat(*flat, dim=0),
            states[0],
            states[1] if len(states) > 1 else None,
            sequence_length=lengths,
            use_sequence_length=lengths is not None,
            state_size=self._hidden_size,
            projection_size=self._projection_size,
            num_layers=self._num_layers,
            bidirectional=self._dir == 2,
            p=self._dropout,
            state_outputs=True,
            mode=self._mode,
            **self._clip,
        )
        return [nd.swapaxes(outputs, 0, 1) if swapped else outputs, *last]


class RNN(_RNNLayer):
    """Layers of h' = act(W x + b + R h + c), with "relu" or "tanh".

    Shapes: (steps, n, inputs), or (n, steps, inputs) with `layout="NTC"`, gives hidden_size for the inputs, twice that
    if `bidirectional`. States are (layers · directions, n, hidden_size).

    Dtypes: `dtype`.

    Raises: `ShapeError` for states of another shape, `ValueError` for an unknown layout or activation.

    >>> RNN(5, 2, input_size=3)
    RNN(3 -> 5, TNC, num_layers=2)
    """

    def __init__(
        self, hidden_size: int, num_layers: int = 1, activation: str = "relu", *further: Any, **kwargs: Any
    ) -> None:
        if activation not in ("relu", "tanh"):
            raise ArgumentError(f"activation is {activation!r}; choose 'relu' or 'tanh'")
        self._mode = "rnn_" + activation
        # The size of the inputs is behind the initializers here, and ahead of them in the others.
        order = "layout", "dropout", "bidirectional", *(f"{name}_initializer" for name in NAMES), "input_size", "dtype"
        super().__init__(hidden_size, num_layers, **dict(zip(order, further, strict=False)), **kwargs)


class LSTM(_RNNLayer):
    """Layers of long short-term memory, of S. Hochreiter and J. Schmidhuber (1997).

    With `projection_size` the states have that size. `state_clip_min` and `state_clip_max` bound the cells.

    Shapes: as `RNN`; the states are two, of hidden states and of cells.

    >>> from tapegrad import nd
    >>> layer = LSTM(5)
    >>> layer.initialize()
    >>> outputs, (h, c) = layer(nd.ones((4, 2, 3)), layer.begin_state(batch_size=2))
    >>> outputs.shape, c.shape
    ((4, 2, 5), (1, 2, 5))
    """

    _mode = "lstm"

    def __init__(
        self,
        *args: Any,
        projection_size: int | None = None,
        h2r_weight_initializer: Initializer | str | None = None,
        state_clip_min: float | None = None,
        state_clip_max: float | None = None,
        state_clip_nan: bool = False,
        **kwargs: Any,
    ) -> None:
        self._projection_size, self._h2r_weight_initializer = projection_size, h2r_weight_initializer
        bounds = {"min": state_clip_min, "max": state_clip_max, "nan": state_clip_nan}
        self._clip = {f"lstm_state_clip_{key}": value for key, value in bounds.items()}
        super().__init__(*args, **kwargs)

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        (hidden,) = super().state_info(batch_size)
        return [hidden, {**hidden, "shape": (*hidden["shape"][:2], self._hidden_size)}]


class GRU(_RNNLayer):
    """Layers of gated units, of K. Cho et al. (2014), whose reset gate multiplies after the matrix.

    >>> GRU(4, layout="NTC", bidirectional=True)
    GRU(None -> 4, NTC, bidirectional)
    """
