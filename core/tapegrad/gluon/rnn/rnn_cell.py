"""Recurrent cells: one step of a recurrence at a call, `unroll` for many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ... import autograd
from ... import ndarray as nd
from ...errors import ArgumentError, GraphError
from ...ndarray.ndarray import NDArray
from ..block import Block, HybridBlock, indented
from ..nn.basic_layers import _Sequence
from ..parameter import Parameter
from .rnn_layer import NAMES, begin

if TYPE_CHECKING:
    from ...initializer import Initializer

__all__ = [
    "BidirectionalCell",
    "DropoutCell",
    "GRUCell",
    "HybridRecurrentCell",
    "HybridSequentialRNNCell",
    "LSTMCell",
    "ModifierCell",
    "RNNCell",
    "RecurrentCell",
    "ResidualCell",
    "SequentialRNNCell",
    "ZoneoutCell",
]

States = list[NDArray]


class Way(NamedTuple):
    """How a sequence is given, and how its outputs are wanted: as `unroll` is told."""

    layout: str = "TNC"
    merge: bool | None = None
    lengths: NDArray | None = None

    def steps(self, inputs: Any, length: int) -> tuple[list[NDArray], int]:
        """The inputs of each step, and the size of the batch."""
        axis = self.layout.find("T")
        if isinstance(inputs, NDArray):
            if inputs.shape[axis] != length:
                raise ArgumentError(f"unroll(): inputs have {inputs.shape[axis]} steps, and length is {length}")
            batch = inputs.shape[self.layout.find("N")]
            if length == 1:
                return [nd.squeeze(inputs, axis=axis)], batch
            return list(nd.split(inputs, num_outputs=length, axis=axis, squeeze_axis=True)), batch
        if len(inputs) != length:
            raise ArgumentError(f"unroll(): there are inputs of {len(inputs)} steps, and length is {length}")
        return list(inputs), inputs[0].shape[self.layout.replace("T", "").find("N")]

    def outputs(self, together: NDArray, length: int) -> Any:
        """The outputs that there are together, in a list if that is wanted."""
        return self.steps(together, length)[0] if self.merge is False else together

    def merged(self, outputs: Sequence[NDArray]) -> Any:
        """The outputs of all steps as they are wanted: a list, or one array; behind the lengths they are 0."""
        if self.lengths is None and not self.merge:
            return list(outputs)
        axis = self.layout.find("T")
        together = nd.stack(*outputs, axis=axis)
        if self.lengths is None:
            return together
        masked = nd.SequenceMask(together, self.lengths, use_sequence_length=True, axis=axis)
        return self.outputs(masked, len(outputs))


def _reversed(steps: Sequence[NDArray], lengths: NDArray | None) -> list[NDArray]:
    """The steps of sequences backwards, each from its end."""
    if lengths is None:
        return list(steps)[::-1]
    backwards = nd.SequenceReverse(nd.stack(*steps, axis=0), lengths, use_sequence_length=True)
    return Way().steps(backwards, len(steps))[0]


class RecurrentCell(Block):
    """A step of a recurrence, `cell(inputs, states)`, which gives the outputs and the states after it.

    Shapes: (n, …) for inputs and outputs; states as `state_info(n)` says.

    Dtypes: those of the inputs.

    Raises: `GraphError` for `begin_state` of a cell that another modifies.

    >>> from tapegrad import nd
    >>> cell = RNNCell(4, input_size=3)
    >>> cell.initialize()
    >>> outputs, states = cell(nd.ones((2, 3)), cell.begin_state(2))
    >>> outputs.shape, len(states)
    ((2, 4), 1)
    """

    def __init__(self, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix=prefix, params=params)
        self._modified = False
        self.reset()

    def reset(self) -> None:
        """Forget what steps before have left."""
        for cell in self._children.values():
            if isinstance(cell, RecurrentCell):
                cell.reset()

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        """The shapes of the states."""
        raise NotImplementedError(f"{type(self).__name__} has no state_info")

    def begin_state(self, batch_size: int = 0, func: Callable[..., NDArray] = nd.zeros, **kwargs: Any) -> States:
        """States to begin with, made by a function such as `nd.zeros`, to which `kwargs` go."""
        if self._modified:
            raise GraphError(
                "After applying modifier cells (e.g. ZoneoutCell) the base cell cannot be called directly. Call the "
                "modifier cell instead."
            )
        return begin(func, self.state_info(batch_size), **kwargs)

    def _begun(self, inputs: Any, length: int, way: Way, states: States | None) -> tuple[list[NDArray], States]:
        """The inputs of each step, and the states that the first one begins with."""
        self.reset()
        steps, batch = way.steps(inputs, length)
        return steps, states or self.begin_state(batch, ctx=steps[0].context, dtype=steps[0].dtype)

    def _state_info_of_children(self, batch_size: int) -> list[dict[str, Any]]:
        return [info for cell in self._children.values() for info in cell.state_info(batch_size)]  # type: ignore[attr-defined]

    def unroll(
        self,
        length: int,
        inputs: Any,
        begin_state: States | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
        valid_length: NDArray | None = None,
    ) -> tuple[Any, States]:
        """The outputs of `length` steps, as a list or with `merge_outputs` as one array, and the last states.

        Inputs are an array of that layout or a list of steps. Behind `valid_length` outputs are 0, and states stay.
        """
        return self._unroll(length, inputs, begin_state, Way(layout, merge_outputs, valid_length))

    def _unroll(self, length: int, inputs: Any, states: Any, way: Way) -> tuple[Any, States]:
        """`unroll`, of which each kind of cell has its own."""
        steps, states = self._begun(inputs, length, way, states)
        outputs, history = [], []
        for x in steps:
            y, states = self(x, states)
            outputs.append(y)
            history.append(states)
        if way.lengths is not None:
            states = [
                nd.SequenceLast(nd.stack(*kind, axis=0), way.lengths, use_sequence_length=True)
                for kind in zip(*history, strict=True)
            ]
        return way.merged(outputs), states

    def __call__(self, inputs: Any, states: Any = (), *further: Any) -> Any:
        return super().__call__(inputs, states, *further)


class HybridRecurrentCell(RecurrentCell, HybridBlock):
    """A `RecurrentCell` by `hybrid_forward`.

    >>> issubclass(LSTMCell, HybridRecurrentCell)
    True
    """


class _GatedCell(HybridRecurrentCell):
    """What the cells with weights share: sums of the inputs and of the states, for each gate."""

    _gates = 1
    _count = 1
    _gate_axis = 1
    _activation: Any = "tanh"
    _recurrent_activation: Any = "sigmoid"
    i2h_weight: Parameter

    def __init__(
        self,
        hidden_size: int,
        i2h_weight_initializer: Initializer | str | None = None,
        h2h_weight_initializer: Initializer | str | None = None,
        i2h_bias_initializer: Initializer | str = "zeros",
        h2h_bias_initializer: Initializer | str = "zeros",
        input_size: int = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        self._hidden_size = hidden_size
        self._input_size = input_size
        initializers = i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer
        self._enter_all((input_size,), (hidden_size,), initializers)

    def _enter_all(self, entering: tuple[int, ...], onwards: tuple[int, ...], initializers: tuple[Any, ...]) -> None:
        """Weights that end in these lengths, for the inputs and the states, and their biases."""
        for name, ends, init in zip(NAMES, (entering, onwards, (), ()), initializers, strict=True):
            self._enter(name, (self._gates * self._hidden_size, *ends), init)

    def _enter(self, name: str, shape: tuple[int, ...], init: Any) -> None:
        setattr(self, name, self.params.get(name, shape=shape, init=init, allow_deferred_init=True))

    def __call__(self, inputs: Any, states: Any = (), *further: Any) -> Any:
        if len(states) != self._count:
            raise ArgumentError(
                f"{type(self).__name__} takes a list of {self._count} states, as begin_state() gives it, not "
                f"{len(states)}"
            )
        return super().__call__(inputs, states, *further)

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return [{"shape": (batch_size, self._hidden_size), "__layout__": "NC"} for _ in range(self._count)]

    def _sums(self, F: Any, x: Any, h: Any, i2h_weight: Any, h2h_weight: Any, i2h_bias: Any, h2h_bias: Any) -> Any:
        rows = self._gates * self._hidden_size
        entering = F.FullyConnected(x, i2h_weight, i2h_bias, num_hidden=rows)
        return entering, F.FullyConnected(h, h2h_weight, h2h_bias, num_hidden=rows)

    def _split(self, F: Any, sums: Any) -> Any:
        return F.split(sums, num_outputs=self._gates, axis=self._gate_axis)

    def _act(self, F: Any, x: Any) -> Any:
        return _activated(F, self._activation, x)

    def _gate(self, F: Any, x: Any) -> Any:
        return _activated(F, self._recurrent_activation, x)

    def __repr__(self) -> str:
        rows, inputs = self.i2h_weight.shape or (0, 0)
        return f"{type(self).__name__}({inputs or None} -> {rows}{self._words()})"

    def _words(self) -> str:
        return ""


def _activated(F: Any, activation: Any, x: Any) -> Any:
    return F.Activation(x, act_type=activation) if isinstance(activation, str) else activation(x)


class RNNCell(_GatedCell):
    """h' = act(W x + b + R h + c). Of the arguments `activation` is the second, the initializers follow.

    Shapes: (n, inputs) gives (n, hidden_size), which is also the one state.

    >>> RNNCell(3)
    RNNCell(None -> 3, tanh)
    """

    _hint = "rnn"

    def __init__(self, hidden_size: int, activation: Any = "tanh", *further: Any, **kwargs: Any) -> None:
        super().__init__(hidden_size, *further, **kwargs)
        self._activation = activation

    def _words(self) -> str:
        return f", {self._activation}"

    def hybrid_forward(self, F: Any, x: Any, states: Any, *args: Any, **kwargs: Any) -> Any:
        entering, onwards = self._sums(F, x, states[0], *args, **kwargs)
        output = self._act(F, entering + onwards)
        return output, [output]


class LSTMCell(_GatedCell):
    """A step of long short-term memory; gates are input, forget, new, output.

    Shapes: (n, inputs) gives (n, hidden_size); the states are hidden states and cells of that shape.

    >>> LSTMCell(3, input_size=2)
    LSTMCell(2 -> 12)
    """

    _hint = "lstm"
    _gates = 4
    _count = 2

    def __init__(
        self, *args: Any, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._activation = activation
        self._recurrent_activation = recurrent_activation

    def hybrid_forward(self, F: Any, x: Any, states: Any, *args: Any, **kwargs: Any) -> Any:
        entering, onwards = self._sums(F, x, states[0], *args, **kwargs)
        into, forget, new, out = self._split(F, entering + onwards)
        into, forget, out = (self._gate(F, gate) for gate in (into, forget, out))
        cell = forget * states[1] + into * self._act(F, new)
        output = out * self._act(F, cell)
        return output, [output, cell]


class GRUCell(_GatedCell):
    """A step of a gated unit; gates are reset, update, new.

    Shapes: (n, inputs) gives (n, hidden_size), which is also the one state.

    >>> GRUCell(3, input_size=2)
    GRUCell(2 -> 9)
    """

    _hint = "gru"
    _gates = 3

    def hybrid_forward(self, F: Any, x: Any, states: Any, *args: Any, **kwargs: Any) -> Any:
        (state,) = states
        sums = self._sums(F, x, state, *args, **kwargs)
        (reset, update, new), (old_reset, old_update, old) = (self._split(F, x) for x in sums)
        reset, update = self._gate(F, reset + old_reset), self._gate(F, update + old_update)
        output = (1 - update) * self._act(F, new + reset * old) + update * state
        return output, [output]


class _Stack(_Sequence, RecurrentCell):
    """What both sequences of cells share."""

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return self._state_info_of_children(batch_size)

    def _shared_out(self, states: States) -> list[States]:
        """The states that belong to each cell."""
        parts, at = [], 0
        for cell in self._children.values():
            count = len(cell.state_info())  # type: ignore[attr-defined]
            parts.append(states[at : at + count])
            at += count
        return parts

    def _step(self, inputs: Any, states: States) -> Any:
        after: States = []
        for cell, own in zip(self._children.values(), self._shared_out(states), strict=True):
            inputs, new = cell(inputs, own)
            after += new
        return inputs, after

    def _unroll(self, length: int, inputs: Any, states: Any, way: Way) -> tuple[Any, States]:
        _, begin = self._begun(inputs, length, way, states)
        last, after = len(self._children) - 1, []
        for i, (cell, own) in enumerate(zip(self._children.values(), self._shared_out(begin), strict=True)):
            wanted = way if i == last else way._replace(merge=None)
            inputs, new = cell.unroll(length, inputs, own, *wanted)  # type: ignore[attr-defined]
            after += new
        return inputs, after

    def __repr__(self) -> str:
        lines = "\n".join(f"({key}): {indented(repr(cell), 2)}" for key, cell in self._children.items())
        return f"{type(self).__name__}(\n{lines}\n)"


class SequentialRNNCell(_Stack):
    """Cells on top of each other.

    >>> stack = SequentialRNNCell()
    >>> stack.add(LSTMCell(3))
    >>> stack.add(DropoutCell(0.5))
    >>> len(stack.state_info())
    2
    """

    def forward(self, inputs: Any, states: Any) -> Any:
        return self._step(inputs, states)


class HybridSequentialRNNCell(_Stack, HybridRecurrentCell):
    """`SequentialRNNCell` of hybrid cells.

    >>> len(HybridSequentialRNNCell())
    0
    """

    def hybrid_forward(self, F: Any, inputs: Any, states: Any) -> Any:
        return self._step(inputs, states)


class DropoutCell(HybridRecurrentCell):
    """Dropout as a cell without states.

    >>> DropoutCell(0.5)
    DropoutCell(rate=0.5, axes=())
    """

    _hint = "dropout"

    def __init__(self, rate: float, axes: Any = (), prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        self._rate = rate
        self._axes = axes

    def __repr__(self) -> str:
        return f"{type(self).__name__}(rate={self._rate}, axes={self._axes})"

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return []

    def hybrid_forward(self, F: Any, inputs: Any, states: Any) -> Any:
        return (F.Dropout(inputs, p=self._rate, axes=self._axes) if self._rate > 0 else inputs), states

    def _unroll(self, length: int, inputs: Any, states: Any, way: Way) -> tuple[Any, States]:
        if not isinstance(inputs, NDArray):
            return super()._unroll(length, inputs, states or [], way)
        dropped, states = self(inputs, states or [])
        return way.outputs(dropped, length), states


class ModifierCell(HybridRecurrentCell):
    """A cell that changes what another does; its parameters are the other's.

    >>> ResidualCell(RNNCell(3, input_size=3)).base_cell
    RNNCell(3 -> 3, tanh)
    """

    def __init__(self, base_cell: RecurrentCell) -> None:
        if base_cell._modified:
            raise ArgumentError(f"Cell {base_cell.name} is already modified. One cell cannot be modified twice")
        base_cell._modified = True
        super().__init__(prefix=base_cell.prefix + self._alias(), params=None)
        self.base_cell = base_cell

    @property
    def params(self) -> Any:
        return self.base_cell.params

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return self.base_cell.state_info(batch_size)

    def begin_state(self, batch_size: int = 0, func: Callable[..., NDArray] = nd.zeros, **kwargs: Any) -> States:
        return self._of_base("begin_state", batch_size=batch_size, func=func, **kwargs)  # type: ignore[no-any-return]

    def _of_base(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """A method of the other cell, which alone would refuse."""
        self.base_cell._modified = False
        try:
            return getattr(self.base_cell, method)(*args, **kwargs)
        finally:
            self.base_cell._modified = True

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._words()}{self.base_cell!r})"

    def _words(self) -> str:
        return ""


class ZoneoutCell(ModifierCell):
    """A cell whose outputs and states stay as they were with some chance, in training. D. Krueger et al. (2016).

    >>> ZoneoutCell(LSTMCell(3), zoneout_states=0.1)
    ZoneoutCell(p_out=0.0, p_state=0.1, LSTMCell(None -> 12))
    """

    _hint = "zoneout"

    def __init__(self, base_cell: RecurrentCell, zoneout_outputs: float = 0.0, zoneout_states: float = 0.0) -> None:
        if isinstance(base_cell, BidirectionalCell):
            raise ArgumentError("ZoneoutCell: apply it to the cells within a BidirectionalCell")
        super().__init__(base_cell)
        self.zoneout_outputs = zoneout_outputs
        self.zoneout_states = zoneout_states

    def _words(self) -> str:
        return f"p_out={self.zoneout_outputs}, p_state={self.zoneout_states}, "

    def reset(self) -> None:
        super().reset()
        self._before: NDArray | None = None

    def hybrid_forward(self, F: Any, inputs: Any, states: Any) -> Any:
        output, after = self.base_cell(inputs, states)

        def chosen(p: float, new: Any, old: Any) -> Any:
            return F.where(F.Dropout(F.ones_like(new), p=p), new, old) if p else new

        before = F.zeros_like(output) if self._before is None else self._before
        result = chosen(self.zoneout_outputs, output, before)
        self._before = result if autograd.is_recording() else result.detach()
        return result, [chosen(self.zoneout_states, *pair) for pair in zip(after, states, strict=True)]


class ResidualCell(ModifierCell):
    """A cell whose inputs are added to its outputs.

    >>> ResidualCell(LSTMCell(3))
    ResidualCell(LSTMCell(None -> 12))
    """

    def hybrid_forward(self, F: Any, inputs: Any, states: Any) -> Any:
        output, after = self.base_cell(inputs, states)
        return output + inputs, after

    def _unroll(self, length: int, inputs: Any, states: Any, way: Way) -> tuple[Any, States]:
        self.reset()
        outputs, states = self._of_base("unroll", length, inputs, states, *way)
        together = isinstance(outputs, NDArray)
        steps = way._replace(merge=together).merged(way.steps(inputs, length)[0])
        if together:
            return outputs + steps, states
        return [y + x for y, x in zip(outputs, steps, strict=True)], states


class BidirectionalCell(HybridRecurrentCell):
    """Two cells, one forwards and one backwards, whose outputs are put beside each other; for `unroll` alone.

    >>> from tapegrad import nd
    >>> cell = BidirectionalCell(RNNCell(2, input_size=3), RNNCell(2, input_size=3))
    >>> cell.initialize()
    >>> cell.unroll(4, nd.ones((1, 4, 3)), merge_outputs=True)[0].shape
    (1, 4, 4)
    """

    def __init__(self, l_cell: RecurrentCell, r_cell: RecurrentCell, output_prefix: str = "bi_") -> None:
        super().__init__(prefix="", params=None)
        self.register_child(l_cell, "l_cell")
        self.register_child(r_cell, "r_cell")
        self._output_prefix = output_prefix

    def __call__(self, inputs: Any, states: Any = (), *further: Any) -> Any:
        raise NotImplementedError("Bidirectional cannot be stepped. Please use unroll")

    def __repr__(self) -> str:
        left, right = self._children.values()
        return f"{type(self).__name__}(forward={left!r}, backward={right!r})"

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return self._state_info_of_children(batch_size)

    def _unroll(self, length: int, inputs: Any, states: Any, way: Way) -> tuple[Any, States]:
        steps, states = self._begun(inputs, length, way, states)
        left, right = self._children.values()
        count = len(left.state_info())  # type: ignore[attr-defined]
        each = way._replace(merge=False)
        forwards, after = left.unroll(length, steps, states[:count], *each)  # type: ignore[attr-defined]
        mirrored = _reversed(steps, way.lengths)
        backwards, other = right.unroll(length, mirrored, states[count:], *each)  # type: ignore[attr-defined]
        both = zip(forwards, _reversed(backwards, way.lengths), strict=True)
        return way.merged([nd.concat(*pair, dim=1) for pair in both]), after + other
