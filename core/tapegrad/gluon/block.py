"""Blocks: what layers and networks are. They hold parameters and other blocks, and are called on arrays."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from .. import autograd
from .. import ndarray as nd
from ..arrays.foreign import advise
from ..arrays.keywords import unexpected
from ..arrays.trees import flatten, unflatten
from ..engines.tables import OPS
from ..errors import ArgumentError, ArgumentTypeError, UnknownArrayError, a_kind
from ..name import NameManager
from ..ndarray.ndarray import NDArray
from ..settings import Setting
from .inference import Waiting, draw_all, inferring
from .parameter import PROBED, DeferredInitializationError, Parameter, ParameterDict, is_known, load_into, read_named
from .summary import summarize

__all__ = ["Block", "HybridBlock", "SymbolBlock"]

# `F` in a `hybrid_forward` is `nd`, and has the functions of MXNet's NumPy edition beside its own.
vars(nd)["_entered"].update(np=lambda: import_module("tapegrad.np"), npx=lambda: import_module("tapegrad.npx"))

_SCOPE: Setting[_Scope | None] = Setting("tapegrad_block_scope", None)


_Array = TypeVar("_Array", bound=NDArray)


class _Scope:
    """Where blocks are named: within a block, behind its prefix and counted by it, else by the program's names."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.counters: dict[str, int] = {}

    @staticmethod
    def names(prefix: str | None, params: ParameterDict | None, hint: str) -> tuple[str, ParameterDict]:
        """The prefix and the parameters of a block that is being made."""
        scope = _SCOPE.get()
        if scope is None:
            full = NameManager.current().get(None, hint) + "_" if prefix is None else prefix
            return full, ParameterDict(full) if params is None else ParameterDict(params.prefix, params)
        if prefix is None:
            number = scope.counters.get(hint, 0)
            scope.counters[hint] = number + 1
            prefix = f"{hint}{number}_"
        outer = scope.block.params
        if params is None:
            return scope.block.prefix + prefix, ParameterDict(outer.prefix + prefix, outer._shared)
        return scope.block.prefix + prefix, ParameterDict(params.prefix, params)

    @contextmanager
    def entered(self) -> Iterator[None]:
        with _SCOPE.hold(self):
            yield


class _Hooks(dict[object, Callable[..., Any]]):
    """Hooks, each by a key of its handle's. Until there has been one, nobody looks for them in every block."""

    ever = False

    def __setitem__(self, key: object, hook: Callable[..., Any]) -> None:
        _Hooks.ever = True
        super().__setitem__(key, hook)


class HookHandle:
    """What a registered hook is removed by: `detach()`, or the end of a `with` block."""

    def __init__(self, hooks: dict[object, Any], hook: Callable[..., Any]) -> None:
        self._hooks = hooks
        self._key = object()
        hooks[self._key] = hook

    def detach(self) -> None:
        """Remove the hook."""
        self._hooks.pop(self._key, None)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *error: Any) -> None:
        self.detach()


def indented(text: str, spaces: int) -> str:
    """A text whose lines but the first are moved to the right."""
    return text.replace("\n", "\n" + " " * spaces)


class Block:
    """A layer, or a network: subclass it, make parameters and blocks in `__init__`, and write `forward`.

    Blocks and parameters that are set as attributes belong to the block. Names are made of the prefixes of blocks; a
    block made within `name_scope()` of another has its prefix. `params` are parameters to share.

    Raises: `TypeError` where an attribute that is a block or a parameter becomes something else.

    >>> from tapegrad import nd
    >>> from tapegrad.gluon import nn
    >>> class Twice(Block):
    ...     def __init__(self, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.dense = nn.Dense(1, in_units=2)
    ...
    ...     def forward(self, x):
    ...         return 2 * self.dense(x)
    >>> net = Twice()
    >>> net
    Twice(
      (dense): Dense(2 -> 1, linear)
    )
    >>> net.initialize("ones")
    >>> net(nd.ones((1, 2))).asscalar()
    np.float32(4.0)
    """

    def __init__(self, prefix: str | None = None, params: ParameterDict | None = None, **foreign: Any) -> None:
        for keyword in foreign:
            raise unexpected(type(self), type(self).__name__, keyword)
        self._empty_prefix = prefix == ""
        self._prefix, self._params = _Scope.names(prefix, params, self._alias())
        self._name = self._prefix.removesuffix("_")
        self._scope = _Scope(self)
        self._children: OrderedDict[str, Block] = OrderedDict()
        self._reg_params: dict[str, Parameter] = {}
        self._forward_hooks = _Hooks()
        self._forward_pre_hooks = _Hooks()

    def __repr__(self) -> str:
        blocks = [
            f"  ({key}): {indented(repr(value), 2)}" for key, value in vars(self).items() if isinstance(value, Block)
        ]
        return f"{type(self).__name__}(\n" + "\n".join(blocks) + "\n)"

    def __setattr__(self, name: str, value: Any) -> None:
        existing = vars(self).get(name)
        if isinstance(existing, (Block, Parameter)) and not isinstance(value, type(existing)):
            raise ArgumentTypeError(
                f"Changing attribute type for {name} from {type(existing)} to {type(value)} is not allowed."
            )
        if isinstance(value, (Block, Parameter)) and "_reg_params" not in vars(self):
            raise ArgumentError(
                f"{type(self).__name__}: {name!r} is set before Block has begun; call super().__init__() first"
            )
        if isinstance(value, Block):
            self.register_child(value, name)
        elif isinstance(value, Parameter):
            self._reg_params[name] = value
        super().__setattr__(name, value)

    _hint = ""

    def _alias(self) -> str:
        """What the names of such blocks begin with."""
        return self._hint or type(self).__name__.lower()

    @property
    def prefix(self) -> str:
        """What the names of this block's parameters begin with."""
        return self._prefix

    @property
    def name(self) -> str:
        """The prefix without the "_" at its end."""
        return self._name

    @property
    def params(self) -> ParameterDict:
        """The parameters of this block alone; `collect_params()` has those of the blocks within, too."""
        return self._params

    def name_scope(self) -> Any:
        """A `with` block in which blocks are named behind this one's prefix."""
        return self._scope.entered() if not self._empty_prefix else _unscoped()

    def collect_params(self, select: str | None = None) -> ParameterDict:
        """The parameters of this block and of all within, those only whose names match a regular expression."""
        collected = ParameterDict(self._params.prefix)
        matches = re.compile(select or "").match
        collected.update({name: parameter for name, parameter in self.params.items() if matches(name)})
        for block in self._children.values():
            collected.update(block.collect_params(select))
        return collected

    def _collect_params_with_prefix(self, prefix: str = "") -> dict[str, Parameter]:
        """The parameters by the attributes that lead to them, which is how files name them."""
        prefix += "." if prefix else ""
        collected = {prefix + name: parameter for name, parameter in self._reg_params.items()}
        for name, block in self._children.items():
            collected.update(block._collect_params_with_prefix(prefix + name))
        return collected

    def save_parameters(self, filename: str, deduplicate: bool = False) -> None:
        """Write the values of all parameters to a file in MXNet's format, or by its name `.npz` or `.safetensors`.

        With `deduplicate` a parameter that is in several places is written once.
        """
        arrays, places = {}, set()
        for name, parameter in self._collect_params_with_prefix().items():
            if not deduplicate or parameter not in places:
                arrays[name] = parameter._reduce()
            places.add(parameter)
        nd.save(filename, arrays)

    def load_parameters(
        self,
        filename: str,
        ctx: Any = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
        cast_dtype: bool = False,
        dtype_source: str = "current",
    ) -> None:
        """Read values from a file that `save_parameters` wrote, into parameters of the same places.

        Raises `ParameterError` for names that are missing or extra, unless told to ignore them, `ShapeError` for
        another shape, `ValueError` for another dtype without `cast_dtype`.
        """
        loaded = read_named(filename)
        parameters = self._collect_params_with_prefix()
        if loaded and parameters and not any("." in name for name in loaded):
            by_name = self.collect_params()
            stripped = {re.sub("^(arg|aux):", "", name): x for name, x in loaded.items()}
            if not set(stripped) & set(parameters):
                names = {name.removeprefix(self.prefix): name for name in by_name}
                loaded = {names.get(name, name): x for name, x in stripped.items()}
                parameters = dict(by_name.items())
        if not allow_missing:
            # A file that was written with `deduplicate` has a shared parameter under one of its names.
            there = {parameter for name, parameter in parameters.items() if name in loaded}
            parameters = {n: p for n, p in parameters.items() if n in loaded or p not in there}
        options = ctx, allow_missing, ignore_extra, cast_dtype, dtype_source
        load_into(parameters, loaded, f"file '{filename}'", *options)

    def save_params(self, filename: str) -> None:
        """`save_parameters`, by its old name and with the parameters' own names."""
        self.collect_params().save(filename, strip_prefix=self.prefix)

    def load_params(
        self, filename: str, ctx: Any = None, allow_missing: bool = False, ignore_extra: bool = False
    ) -> None:
        """`load_parameters`, by its old name."""
        self.load_parameters(filename, ctx, allow_missing, ignore_extra)

    def register_child(self, block: Block, name: str | None = None) -> None:
        """Make a block one of those within."""
        self._children[str(len(self._children)) if name is None else name] = block

    def register_forward_pre_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call `hook(block, inputs)` ahead of each forward."""
        return HookHandle(self._forward_pre_hooks, hook)

    def register_forward_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call `hook(block, inputs, outputs)` after each forward."""
        return HookHandle(self._forward_hooks, hook)

    def apply(self, fn: Callable[[Block], Any]) -> Any:
        """Call a function on every block within, then on this one, which is returned."""
        for block in self._children.values():
            block.apply(fn)
        fn(self)
        return self

    def initialize(
        self, init: Any = "uniform", ctx: Any = None, verbose: bool = False, force_reinit: bool = False
    ) -> None:
        """Draw the values of all parameters in the contexts; those of unknown shape in the first forward."""
        self.collect_params().initialize(init, ctx, verbose, force_reinit)

    def hybridize(self, active: bool = True, **kwargs: Any) -> None:
        """Say that the blocks within may be compiled. Results are the same."""
        for block in self._children.values():
            block.hybridize(active, **kwargs)

    def cast(self, dtype: Any) -> None:
        """Convert all parameters to a dtype."""
        for block in self._children.values():
            block.cast(dtype)
        for parameter in self.params.values():
            parameter.cast(dtype)

    def summary(self, *inputs: Any) -> None:
        """Print a table of the blocks that inputs pass, with the shapes of outputs and the numbers of parameters."""
        summarize(self, inputs)

    _active = False
    _drawn = False
    """Whether a hybridized block has drawn its parameters."""

    def _draw(self, args: Any, kwargs: Any) -> None:
        """Draw the parameters of a hybridized block, all ahead of its forward."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._active and not self._drawn:
            self._draw(args, kwargs)
        if self._forward_pre_hooks:
            for hook in list(self._forward_pre_hooks.values()):
                hook(self, args)
        forward = self._compiled() if self._active else self.forward
        outputs = forward(*args, **kwargs)
        if self._forward_hooks:
            for hook in list(self._forward_hooks.values()):
                hook(self, args, outputs)
        return outputs

    def _compiled(self) -> Callable[..., Any]:
        """The forward, compiled where that is so."""
        return self.forward

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs from the inputs. To be written by the subclass."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")


def _know_drawn(block: Block) -> None:
    block._drawn = True


def _has_hooks(block: Block) -> bool:
    """Whether a block, or one within, has hooks, which are to be called each time."""
    own = block._forward_hooks or block._forward_pre_hooks
    return bool(own) or any(map(_has_hooks, block._children.values()))


@cache
def _program() -> Any:
    """The compiled forward of all blocks, each of which has programs of its own."""
    from ..compile.compiled import Compiled

    return Compiled(_as_one, quiet=True)


def _as_one(block: Block, *args: Any, **kwargs: Any) -> Any:
    """The forward as MXNet's graph of it: a gradient of one output gives zeros to what only others depend on."""
    outputs = block.forward(*args, **kwargs)
    if isinstance(outputs, (list, tuple)) and autograd.is_recording():
        leaves, structure = flatten(outputs)
        places = [i for i, x in enumerate(leaves) if isinstance(x, NDArray) and x._node is not None]
        if len(places) > 1:
            for i, x in zip(places, OPS["together"].call(*[leaves[i] for i in places]), strict=True):
                leaves[i] = x
            return unflatten(structure, leaves)
    return outputs


@contextmanager
def _unscoped() -> Iterator[None]:
    yield


class HybridBlock(Block):
    """A block whose `hybrid_forward(F, x, ..., **params)` is handed its own parameters; `F` is `nd`.

    After `hybridize()` the outermost such block is compiled, as by `tapegrad.compile`, under `record()` forward and
    backward, unless a block within has hooks. Where it cannot be it runs as before; results are the same. Training is
    fastest as a function of the whole step, given to `tapegrad.compile`.

    Shapes: those that `hybrid_forward` takes and gives; lengths of parameters that are not known follow from the data
    where a parameter is an input of a layer's function, such as `F.FullyConnected`.

    Raises: `TypeError` for a child that is not a HybridBlock, `ShapeError` for a parameter whose shape does not follow.

    >>> from tapegrad import nd
    >>> class Scale(HybridBlock):
    ...     def __init__(self, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.factor = self.params.get("factor", shape=(1,), init="ones")
    ...
    ...     def hybrid_forward(self, F, x, factor):
    ...         return F.broadcast_mul(x, factor)
    >>> scale = Scale()
    >>> scale.initialize()
    >>> scale(nd.ones((1, 2))).asnumpy().tolist()
    [[1.0, 1.0]]
    """

    def _draw(self, args: Any, kwargs: Any) -> None:
        if PROBED.get() is None:
            if any(parameter._deferred is not None for parameter in self.collect_params().values()):
                draw_all(self, args, kwargs)
            self.apply(_know_drawn)

    def register_child(self, block: Block, name: str | None = None) -> None:
        if not isinstance(block, HybridBlock):
            raise ArgumentTypeError(
                f"Children of HybridBlock must also be HybridBlock, but {block} has type {type(block)}. If you are "
                "using Sequential, please try HybridSequential instead."
            )
        super().register_child(block, name)

    def hybridize(self, active: bool = True, **kwargs: Any) -> None:
        self._active = active
        super().hybridize(active, **kwargs)

    def _compiled(self) -> Callable[..., Any]:
        if PROBED.get() is not None or (_Hooks.ever and any(map(_has_hooks, self._children.values()))):
            return partial(_as_one, self)
        return _program().__get__(self)  # type: ignore[no-any-return]

    def forward(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        example = x if isinstance(x, NDArray) else _first_array((x, args))
        if example is None:
            raise ArgumentTypeError(
                f"{type(self).__name__} takes an NDArray, not {a_kind(x)}; make one with nd.array()"
            )
        try:
            params = {name: parameter._of(example) for name, parameter in self._reg_params.items()}
        except DeferredInitializationError:
            return self._infer(example, x, args, kwargs)
        return self.hybrid_forward(nd, x, *args, **kwargs, **params)

    def _infer(self, example: NDArray, x: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """The forward in which the shapes of parameters follow from what they are used for."""
        waiting = {
            name: parameter._of(example) if is_known(parameter.shape) else Waiting(parameter, self.params)
            for name, parameter in self._reg_params.items()
        }
        try:
            result = self.hybrid_forward(inferring, x, *args, **kwargs, **waiting)
        except (UnknownArrayError, ArgumentTypeError) as error:
            for value in waiting.values():
                if isinstance(value, Waiting) and not is_known(value.parameter.shape):
                    raise value.refusal() from error
            raise
        for parameter in self.params.values():
            parameter._finish_deferred_init()
        return result

    def infer_shape(self, *args: Any) -> None:
        """Give parameters the shapes that follow from inputs, without calling the blocks' hooks."""
        for parameter in self.collect_params().values():
            if parameter._deferred is None and not parameter._data:
                raise ArgumentError("infer_shape() draws values as the shapes are found; call initialize() before")
        self.forward(*args)

    def infer_type(self, *args: Any) -> None:
        """Nothing: dtypes are those of parameters and data."""

    def hybrid_forward(self, F: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The outputs from the inputs and the parameters. To be written by the subclass."""
        raise NotImplementedError(f"{type(self).__name__} has no hybrid_forward")

    def export(self, path: str, epoch: int = 0, remove_amp_cast: bool = True) -> Any:
        """Refused: there are no symbols that could be written."""
        raise ArgumentError("export() would write a symbol, and there are none here; use save_parameters()")

    def optimize_for(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Refused: there are no other backends for symbols here."""
        raise ArgumentError("optimize_for() is for symbols, and there are none here; use hybridize()")


class Layer(HybridBlock):
    """A block that takes an array and gives one, of the same class, as checkers of types are told."""

    if TYPE_CHECKING:

        def __call__(self, x: _Array, *args: Any, **kwargs: Any) -> _Array: ...


class SymbolBlock(HybridBlock):
    """Refused: there are no symbols here, so that a network is built in Python and its values loaded.

    Raises: `ValueError`, always.

    >>> SymbolBlock(None, None)
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: SymbolBlock: ...
    """

    def __init__(self, outputs: Any, inputs: Any, params: Any = None) -> None:
        raise ArgumentError(
            "SymbolBlock: there are no symbols here; build the network of layers, and load_parameters()"
        )

    @staticmethod
    def imports(symbol_file: str, input_names: Any, param_file: str | None = None, ctx: Any = None) -> Any:
        """Refused, as the class is."""
        return SymbolBlock(None, None)


def _first_array(tree: Any) -> NDArray | None:
    """The first NDArray in nested lists and tuples."""
    if isinstance(tree, NDArray):
        return tree
    if isinstance(tree, (list, tuple)):
        return next((x for part in tree if (x := _first_array(part)) is not None), None)
    return None


advise(Block, of="net")
