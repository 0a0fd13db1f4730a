"""Parameters: arrays with a name, an initial value that may have to wait for the shape, and a copy in each context."""

from __future__ import annotations

import re
import warnings
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from .. import autograd, dtypes, initializer
from .. import ndarray as nd
from ..context import Context, cpu, current_context
from ..errors import ArgumentError, ArgumentTypeError, DeferredInitializationError, ParameterError, ShapeError
from ..ndarray.ndarray import NDArray, edition

__all__ = ["Constant", "DeferredInitializationError", "Parameter", "ParameterDict"]

REQUESTS = ("write", "add", "null")

PROBED: ContextVar[list[Parameter] | None] = ContextVar("tapegrad_probed", default=None)
"""While shapes are found and nothing is drawn: the parameters whose values are yet to be, zeros meanwhile."""

tensor_types = (NDArray,)
"""What counts as data in a call of a block; MXNet has symbols there too."""


def is_known(shape: Sequence[int] | None) -> bool:
    """Whether every length of a shape is there: 0, −1 and None stand for one that follows from data."""
    return shape is not None and all(n is not None and n > 0 for n in shape)


def contexts(ctx: Any) -> list[Context]:
    """A context, a list of them or None, which is the current one, as a list."""
    if ctx is None:
        return [current_context()]
    return [ctx] if isinstance(ctx, Context) else list(ctx)


def shown(names: Iterable[str]) -> str:
    """Some names for a message."""
    listed = [f"'{name}'" for name in names]
    return ", ".join(listed if len(listed) <= 10 else [*listed[:5], "...", *listed[-5:]])


class Parameter:
    """An array that a block holds and a trainer updates: `data()` in a context, `grad()` beside it.

    It has values after `initialize()`. A shape with 0 for a length that follows from the data is allowed with
    `allow_deferred_init`; the values are then drawn in the first forward.

    Raises: `ParameterError` for values that are not there, `DeferredInitializationError` for those yet to come,
    `ValueError` for an unknown `grad_req`, `ShapeError` for data of another shape.

    >>> weight = Parameter("weight", shape=(2, 3))
    >>> weight.initialize("ones")
    >>> weight
    Parameter weight (shape=(2, 3), dtype=<class 'numpy.float32'>)
    >>> weight.data().sum().asscalar(), weight.grad().sum().asscalar()
    (np.float32(6.0), np.float32(0.0))
    """

    def __init__(
        self,
        name: str,
        grad_req: str = "write",
        shape: Any = None,
        dtype: Any = np.float32,
        lr_mult: float = 1.0,
        wd_mult: float = 1.0,
        init: Any = None,
        allow_deferred_init: bool = False,
        differentiable: bool = True,
        stype: str = "default",
        grad_stype: str = "default",
    ) -> None:
        if (stype, grad_stype) != ("default", "default"):
            raise ArgumentError(f"Parameter {name!r}: arrays are dense here, with stype 'default'")
        self.name = name
        self.dtype = dtype
        self.lr_mult = lr_mult
        self.wd_mult = wd_mult
        self.init = init
        self._shape = (shape,) if isinstance(shape, int) else None if shape is None else tuple(shape)
        self._differentiable = differentiable
        self._allow_deferred_init = allow_deferred_init
        self._data: list[NDArray] = []
        self._ctx_list: list[Context] = []
        self._deferred: tuple[Any, list[Context], Any, NDArray | None] | None = None
        self._grad_req = "write"
        self.grad_req = grad_req

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self.name} (shape={self.shape}, dtype={self.dtype})"

    @property
    def grad_req(self) -> str:
        """What `backward` does with the gradient: "write", "add", or "null" for none."""
        return self._grad_req

    @grad_req.setter
    def grad_req(self, req: str) -> None:
        if req not in REQUESTS:
            raise ArgumentError(f"grad_req is {req!r}; choose one of {', '.join(map(repr, REQUESTS))}")
        req = req if self._differentiable else "null"
        if req != self._grad_req:
            self._grad_req = req
            self._attach()

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape, with 0 for lengths that are not known yet (after `set_np()` −1); None if nothing is known."""
        if edition.numpy and self._shape is not None:
            return tuple([n or -1 for n in self._shape])
        return self._shape

    @shape.setter
    def shape(self, shape: Sequence[int]) -> None:
        mine = self._shape
        if mine is not None and not (
            len(mine) == len(shape) and all(n in (0, -1, None, m) for n, m in zip(mine, shape, strict=True))
        ):
            raise ShapeError(f"Parameter {self.name!r} has shape {mine}, which cannot become {tuple(shape)}")
        self._shape = tuple(shape)

    def initialize(
        self, init: Any = None, ctx: Any = None, default_init: Any = "uniform", force_reinit: bool = False
    ) -> None:
        """Draw values in the contexts: by `init`, else by the parameter's own initializer, else by `default_init`."""
        if self._data and not force_reinit:
            warnings.warn(
                f"Parameter '{self.name}' is already initialized, ignoring. Set force_reinit=True to re-initialize.",
                stacklevel=2,
            )
            return
        self._data, self._ctx_list = [], []
        own = init if init is not None else default_init if self.init is None else self.init
        if not is_known(self.shape) and not self._allow_deferred_init:
            raise ArgumentError(
                f"Cannot initialize Parameter '{self.name}' because it has invalid shape: {self.shape}."
            )
        self._deferred = (own, contexts(ctx), default_init, None)
        if is_known(self.shape):
            self._finish_deferred_init()

    def _finish_deferred_init(self) -> None:
        """Draw the values, or take those that were loaded, now that the shape is known."""
        if self._deferred is None:
            return
        if not is_known(self.shape):
            raise ShapeError(
                f"the shape of parameter {self.name!r} is {self.shape}, and does not follow from the data; give the "
                "lengths that are 0, by in_units, in_channels and the like"
            )
        probed = PROBED.get()
        if probed is not None:
            if self not in probed:
                probed.append(self)
                with autograd.pause():
                    self._hold(nd.zeros(self.shape or (), dtype=self.dtype, ctx=cpu()), self._deferred[1])
                for array in self._data:
                    array.attach_grad()  # whatever its grad_req, so that the tape has it
            return
        (own, ctx, default, values), self._deferred = self._deferred, None
        with autograd.pause():
            if values is None:
                values = nd.zeros(self.shape or (), dtype=self.dtype, ctx=cpu())
                main = initializer.create(default)
                alone = own is default and not isinstance(main, initializer.Initializer)
                main(initializer.InitDesc(self.name, {} if alone else {"__init__": own}), values)
            self._hold(values, ctx)

    def _hold(self, values: NDArray, ctx: Iterable[Context]) -> None:
        """Take values, with a copy in each context."""
        self._ctx_list = list(dict.fromkeys(ctx))
        self._data = [values.copyto(context) for context in self._ctx_list]
        self._attach()

    def _attach(self) -> None:
        for array in self._data:
            if self._grad_req != "null" or array.grad is not None:
                array.attach_grad(self._grad_req)

    def _check(self, ctx: Context | None = None) -> None:
        """Raises unless there are values, in the context if one is given."""
        if self._data and (ctx is None or ctx in self._ctx_list):
            return
        if self._data:
            raise ParameterError(
                f"Parameter '{self.name}' was not initialized on context {ctx}. It was only initialized on "
                f"{self.list_ctx()}."
            )
        if self._deferred is not None:
            raise DeferredInitializationError(
                f"Parameter '{self.name}' has not been initialized yet: its shape follows from the first data. Pass "
                "data through the network before, or say in_units, in_channels and the like where it is built"
            )
        raise ParameterError(
            f"Parameter '{self.name}' has not been initialized; call initialize() on the block, and take "
            "Block.collect_params(), which has the parameters of blocks within, where Block.params has not"
        )

    def _of(self, x: NDArray) -> NDArray:
        """The array that meets `x`: the one on its engine, in its context."""
        arrays = self._data
        return arrays[0] if len(arrays) == 1 and arrays[0]._kernels is x._kernels else self.data(x.context)

    def data(self, ctx: Context | None = None) -> NDArray:
        """The array in a context; without one in the current context, or the only one."""
        if ctx is None:
            if len(self._data) == 1:
                return self._data[0]
            ctx = current_context() if self._data else None
        self._check(ctx)
        return self._data[self._ctx_list.index(ctx)]  # type: ignore[arg-type]

    def list_data(self) -> list[NDArray]:
        """The arrays in all contexts."""
        self._check()
        return list(self._data)

    def grad(self, ctx: Context | None = None) -> NDArray:
        """The gradient in a context."""
        self._check_grad()
        return self.data(ctx).grad

    def list_grad(self) -> list[NDArray]:
        """The gradients in all contexts."""
        self._check_grad()
        return [array.grad for array in self.list_data()]

    def _check_grad(self) -> None:
        if self._grad_req == "null":
            self._check()
            raise ParameterError(f"Parameter '{self.name}' has no gradient, because its grad_req is 'null'")

    def list_ctx(self) -> list[Context]:
        """The contexts that it has, or will have, values in."""
        if not self._data and self._deferred is not None:
            return self._deferred[1]
        self._check()
        return list(self._ctx_list)

    def set_data(self, data: NDArray) -> None:
        """Write values in all contexts."""
        self.shape = data.shape
        if self._data:
            for array in self._data:
                array[:] = data
        elif self._deferred is not None:
            self._deferred = (*self._deferred[:3], data)
        else:
            self._check()

    def zero_grad(self) -> None:
        """Set the gradients to zero."""
        if self._grad_req != "null":
            for array in self._data:
                if array.grad is not None:
                    array.grad[:] = 0

    def reset_ctx(self, ctx: Any) -> None:
        """Move to other contexts; the values are the mean of those that were there."""
        if self._data:
            with autograd.pause():
                self._hold(self._reduce(), contexts(ctx))
        elif self._deferred is not None:
            self._deferred = (self._deferred[0], contexts(ctx), *self._deferred[2:])
        else:
            self._check()

    def cast(self, dtype: Any) -> None:
        """Convert the values and the gradients to a dtype."""
        self.dtype = dtype
        if self._data:
            with autograd.pause():
                self._data = [array.astype(dtype) for array in self._data]
                self._attach()

    def var(self) -> Any:
        """Refused: there are no symbols here."""
        raise ArgumentError(f"Parameter {self.name!r} cannot be a symbol: there are none here; use data()")

    def _reduce(self) -> NDArray:
        """The mean of the values over the contexts, on the host."""
        first, *others = [array._detached().as_in_context(cpu()) for array in self.list_data()]
        return sum(others, first) / (len(others) + 1) if others else first

    def _load(self, values: NDArray, ctx: Any, cast_dtype: bool, dtype_source: str) -> None:
        """Take values from a file."""
        self.shape = values.shape
        if cast_dtype and dtype_source == "saved":
            self.dtype = values.dtype
        elif cast_dtype:
            values = values.astype(self.dtype, copy=False)
        elif dtypes.to_dtype(self.dtype) != dtypes.to_dtype(values.dtype):
            raise ArgumentError(
                f"Parameter '{self.name}' is of {dtypes.to_dtype(self.dtype).name}, and of "
                f"{dtypes.to_dtype(values.dtype).name} in the file; say cast_dtype=True to convert it"
            )
        if not self._data:
            waiting = self._deferred[1] if self._deferred is not None else None
            self._deferred = None
            self._hold(values, waiting if ctx is None and waiting else contexts(ctx))
        else:
            if ctx is not None and set(contexts(ctx)) != set(self._ctx_list):
                self._hold(values, contexts(ctx))
            self.set_data(values)


class Constant(Parameter):
    """A parameter that no trainer updates; its value is given.

    Raises: what `nd.array` raises for a value that is no array.

    >>> constant = Constant("pi", [3.14])
    >>> constant.initialize()
    >>> constant.data().shape, constant.grad_req
    ((1,), 'null')
    """

    def __init__(self, name: str, value: Any) -> None:
        values = value if isinstance(value, NDArray) else nd.array(value)
        self.value = values
        init = initializer.Constant(values)
        super().__init__(name, "null", values.shape, values.dtype, init=init, differentiable=False)


class ParameterDict(OrderedDict[str, Parameter]):
    """Parameters by name, in order; `get` makes one, of the dictionary's prefix and the name, that is not there yet.

    With `shared`, those of another dictionary are used where they have the name.

    Raises: `ValueError` for two parameters of one name, and for one that is there with other attributes.

    >>> parameters = ParameterDict("net_")
    >>> parameters.get("weight", shape=(2, 3))
    Parameter net_weight (shape=(2, 3), dtype=<class 'numpy.float32'>)
    >>> parameters.keys()
    odict_keys(['net_weight'])
    """

    def __init__(self, prefix: str = "", shared: ParameterDict | None = None) -> None:
        super().__init__()
        self._prefix = prefix
        self._shared = shared

    def __repr__(self) -> str:
        name = f"{self._prefix} " if self._prefix else ""
        lines = "\n".join(f"  {parameter!r}" for parameter in self.values())
        return f"{name}(\n{lines}\n)"

    @property
    def prefix(self) -> str:
        """What the names begin with."""
        return self._prefix

    def _find(self, name: str) -> Parameter | None:
        if name not in self and self._shared is not None and name in self._shared:
            self[name] = self._shared[name]
        return super().get(name)

    def get(self, name: str, **kwargs: Any) -> Parameter:  # type: ignore[override]
        """The parameter of the prefix and the name, made of `kwargs` if there is none."""
        name = self._prefix + name
        parameter = self._find(name)
        if parameter is None:
            parameter = self[name] = Parameter(name, **kwargs)
            return parameter
        for attribute, value in kwargs.items():
            stored = getattr(parameter, attribute, None)
            if attribute == "shape" and value is not None and stored is not None:
                value = (value,) if isinstance(value, int) else tuple(value)
                if len(value) == len(stored) and all(
                    a in (0, -1) or b in (0, -1) or a == b for a, b in zip(value, stored, strict=True)
                ):
                    parameter._shape = tuple(max(a, b) for a, b in zip(value, stored, strict=True))
                    continue
            if attribute == "dtype" and stored is not None and dtypes.to_dtype(value) == dtypes.to_dtype(stored):
                continue
            if value is not None and value != stored and stored is not None:
                raise ArgumentError(
                    f"parameter '{name}' is there already, with {attribute} {stored!r} and not {value!r}"
                )
            if stored is None:
                setattr(parameter, attribute, value)
        return parameter

    def get_constant(self, name: str, value: Any = None) -> Constant:
        """The constant of the prefix and the name, made of the value if there is none."""
        name = self._prefix + name
        parameter = self._find(name)
        if parameter is None:
            if value is None:
                raise ArgumentError(f"there is no constant '{name}'; give its value")
            parameter = self[name] = Constant(name, value)
        if not isinstance(parameter, Constant):
            raise ArgumentError(f"parameter '{name}' is there already, and is not a constant")
        if value is not None:
            wanted = value.asnumpy() if isinstance(value, NDArray) else np.asarray(value)
            if not np.array_equal(parameter.value.asnumpy(), wanted):
                raise ArgumentError(f"constant '{name}' is there already, with another value")
        return parameter

    def update(self, other: Mapping[str, Parameter]) -> None:  # type: ignore[override]
        """Take in the parameters of another dictionary."""
        for name, parameter in other.items():
            if self.setdefault(name, parameter) is not parameter:
                raise ArgumentError(f"two parameters have the name '{name}'; build the blocks in one name_scope()")

    def initialize(
        self, init: Any = "uniform", ctx: Any = None, verbose: bool = False, force_reinit: bool = False
    ) -> None:
        """`Parameter.initialize` of all, with `init` for those that have no initializer of their own."""
        if verbose:
            init = initializer.create(init)
            init.set_verbosity(verbose=verbose)
        for parameter in self.values():
            parameter.initialize(None, ctx, init, force_reinit)

    def zero_grad(self) -> None:
        """Set all gradients to zero."""
        for parameter in self.values():
            parameter.zero_grad()

    def reset_ctx(self, ctx: Any) -> None:
        """Move all to other contexts."""
        for parameter in self.values():
            parameter.reset_ctx(ctx)

    def list_ctx(self) -> list[Context]:
        """The contexts of all."""
        return list(dict.fromkeys(ctx for parameter in self.values() for ctx in parameter.list_ctx()))

    def setattr(self, name: str, value: Any) -> None:
        """Set an attribute of all, such as `grad_req` or `lr_mult`."""
        for parameter in self.values():
            setattr(parameter, name, value)

    def save(self, filename: str, strip_prefix: str = "") -> None:
        """Write the values to a file, by name without the prefix."""
        arrays = {}
        for name, parameter in self.items():
            if not name.startswith(strip_prefix):
                raise ArgumentError(f"save(): parameter '{name}' does not begin with strip_prefix '{strip_prefix}'")
            arrays[name[len(strip_prefix) :]] = parameter._reduce()
        nd.save(filename, arrays)

    def load(
        self,
        filename: str,
        ctx: Any = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
        restore_prefix: str = "",
        cast_dtype: bool = False,
        dtype_source: str = "current",
    ) -> None:
        """Read values from a file, whose names lack the prefix."""
        named = read_named(filename)
        self.load_dict(named, ctx, allow_missing, ignore_extra, restore_prefix, filename, cast_dtype, dtype_source)

    def load_dict(
        self,
        param_dict: Mapping[str, NDArray],
        ctx: Any = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
        restore_prefix: str = "",
        filename: str | None = None,
        cast_dtype: bool = False,
        dtype_source: str = "current",
    ) -> None:
        """`load` from a dictionary of arrays."""
        loaded = {restore_prefix + re.sub("^(arg|aux):", "", name): x for name, x in param_dict.items()}
        where = f"file '{filename}'" if filename else "param_dict"
        load_into(self, loaded, where, ctx, allow_missing, ignore_extra, cast_dtype, dtype_source)


def read_named(filename: Any) -> dict[str, NDArray]:
    """The arrays of a file, by name. Raises `TypeError` for a file without names."""
    arrays = nd.load(filename)
    if isinstance(arrays, list):
        if arrays:
            raise ArgumentTypeError(f"'{filename}' holds arrays without names; load it with nd.load")
        return {}
    return arrays


def load_into(
    parameters: Mapping[str, Parameter],
    loaded: Mapping[str, NDArray],
    where: str,
    ctx: Any,
    allow_missing: bool,
    ignore_extra: bool,
    cast_dtype: bool,
    dtype_source: str,
) -> None:
    """Give parameters the values loaded under their names. Raises `ParameterError` where names are missing or extra."""
    if dtype_source not in ("current", "saved"):
        raise ArgumentError(f"dtype_source is {dtype_source!r}; choose 'current' or 'saved'")
    missing = [name for name in parameters if name not in loaded]
    if missing and not allow_missing:
        raise ParameterError(
            f"Parameter '{missing[0]}' is missing in {where}, which contains parameters: {shown(loaded)}. Set "
            "allow_missing=True to ignore missing parameters."
        )
    extra = [name for name in loaded if name not in parameters]
    if extra and not ignore_extra:
        raise ParameterError(
            f"Parameter '{extra[0]}' loaded from {where} is not present in the parameters here: {shown(parameters)}. "
            "Set ignore_extra=True to ignore it."
        )
    for name, values in loaded.items():
        if name in parameters:
            parameters[name]._load(values, ctx, cast_dtype, dtype_source)
