"""Looking inside: hooks on gradients, the first NaN and where it came from, and the tape as text and as a picture."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Mapping
from types import FunctionType, MethodType
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np

from ..arrays.array import Array, handle
from ..arrays.batched import Batched, engine_kernels, table_of, wrap
from ..engines.tables import Kernels
from ..errors import AnomalyError, ArgumentTypeError, NotRecordedError, ShapeError, a_kind
from ..tape.mode import ANOMALY, Scope
from ..tape.nodes import Entry, Leaf, Node
from ..tape.observers import OBSERVERS, Observer
from ..tape.sweep import WATCHERS, reachable, unwatch
from ..tape.tracebacks import door, is_ours, users_frame


class Hook:
    """A registered hook; `remove()` takes it off again.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> x = tnp.ones(2)
    >>> x.attach_grad()
    >>> hook = x.register_hook(lambda g: g * 100)
    >>> with tapegrad.record():
    ...     y = x * 2
    >>> y.backward(retain_graph=True)
    >>> x.grad.tolist()
    [200.0, 200.0]
    >>> hook.remove()
    >>> y.backward()
    >>> x.grad.tolist()
    [2.0, 2.0]
    """

    def __init__(self, node: Node, watcher: Callable[[Any, bool], Any]) -> None:
        self._node = ref(node)
        self._watcher = watcher

    def remove(self) -> None:
        """Take the hook off; once more does nothing."""
        node = self._node()
        if node is not None:
            unwatch(node, self._watcher)


def _tracked(x: Array, what: str) -> Node:
    if not isinstance(x, Array):
        raise ArgumentTypeError(f"{what} needs a tapegrad.Array, not {a_kind(x)}")
    if x._node is None:
        raise NotRecordedError(f"{what} needs an array that is being differentiated; this one is a constant")
    return x._node


def register_hook(x: Array, hook: Callable[[Array], Array | None]) -> Hook:
    """Call `hook` with the cotangent of the value of `x` in each sweep; what it returns, unless None, takes its place.

    The hook belongs to the value that `x` has now, and to what was computed from it before and after.

    Shapes: the cotangent has that of the value, and so has what the hook returns.

    Dtypes: the cotangent has that of the value, and so has what the hook returns.

    Raises: `NotRecordedError` for a constant, `TypeError` for anything that is not an array; in the sweep `TypeError`
    or `ShapeError` for a hook that returns something else.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> x = tnp.ones(2)
    >>> x.attach_grad()
    >>> seen = []
    >>> hook = register_hook(x, seen.append)
    >>> with tapegrad.record():
    ...     y = x * 2
    >>> y.backward()
    >>> seen[0].tolist()
    [2.0, 2.0]
    """
    node = _tracked(x, "register_hook")
    face, xp = x.__class__, x._kernels

    def watcher(g: Any, recorded: bool) -> Any:
        shown = _shown(face, g, xp, recorded)
        replacement = hook(shown)
        if replacement is None:
            return None
        if not isinstance(replacement, Array):
            raise ArgumentTypeError(f"a hook returns an array or None, not {a_kind(replacement)}")
        if replacement.shape != shown.shape or replacement._dtype != shown._dtype:
            raise ShapeError(
                f"a hook was given a gradient of shape {shown.shape} and {shown._dtype.name} and returned one of shape "
                f"{replacement.shape} and {replacement._dtype.name}"
            )
        return wrap(replacement._value, replacement._node, replacement._kernels) if recorded else replacement._value

    WATCHERS.setdefault(node, []).append(watcher)
    return Hook(node, watcher)


def _shown(face: type[Array], g: Any, xp: Kernels, recorded: bool) -> Array:
    """A cotangent, as a sweep has it, in a handle of that face."""
    if recorded:
        return handle(face, g._value, g._node, g._kernels)
    return handle(face, g, None, table_of(g, xp))


def retain_grad(x: Array) -> None:
    """Keep the gradient of an intermediate value: each backward puts it into `x.grad`; the graph goes on.

    Shapes: the gradient has that of the value.

    Dtypes: the gradient has that of the value.

    Raises: `NotRecordedError` for a constant, `TypeError` for anything that is not an array.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> x = tnp.ones(2)
    >>> x.attach_grad()
    >>> with tapegrad.record():
    ...     y = x * 3
    ...     retain_grad(y)
    ...     z = y * y
    >>> z.backward()
    >>> y.grad.tolist(), x.grad.tolist()
    ([6.0, 6.0], [18.0, 18.0])
    """
    node = _tracked(x, "retain_grad")
    if node.__class__ is Leaf and getattr(x, "_grad", None) is not None:
        return
    target = ref(x)
    face, xp = x.__class__, x._kernels

    def watcher(g: Any, recorded: bool) -> None:
        kept = target()
        if kept is not None:
            kept._grad = _shown(face, g, xp, recorded)

    WATCHERS.setdefault(node, []).append(watcher)


ORIGINS: WeakKeyDictionary[Node, str] = WeakKeyDictionary()
"""The forward line of each node, while anomalies are looked for."""


def _user_lines() -> str:
    """The stack of the program, without tapegrad's own frames."""
    import traceback  # here, because `import tapegrad` has no need of it

    frames = []
    frame = users_frame()
    while frame is not None:
        if not is_ours(frame):
            frames.append((frame, frame.f_lineno))
        frame = frame.f_back
    summary = traceback.StackSummary.extract(iter(reversed(frames[:12])))
    return "".join(summary.format())


def _first_bad(value: Any) -> str | None:
    """The first number of an array, a batched or a raw value that is not finite, in words."""
    if isinstance(value, Array):
        value = value._value
    while isinstance(value, Batched):
        value = value.value
    host = engine_kernels(value).to_numpy(value)
    if host.dtype.kind not in "fc":
        return None
    bad = ~np.isfinite(host)
    if not bad.any():
        return None
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    count = f"{int(bad.sum())} of {host.size} elements are not finite"
    return f"{host[place]} at index {place} of shape {host.shape} ({count})"


class Anomalies(Observer):
    """Raises at what is not finite, and remembers the lines of the program to say where it came from."""

    def recorded(self, node: Node, out: Any) -> None:
        """Remember the line of a recorded op, and raise if its result is not finite."""
        lines = _user_lines()
        ORIGINS[node] = lines
        for value in out if isinstance(out, tuple) else (out,):
            bad = _first_bad(value)
            if bad is not None:
                raise AnomalyError(f"{node.label}() made {bad}\nin the forward pass at\n{lines}")
        for parent in node.parents():
            if isinstance(parent, (Leaf, Entry)):
                ORIGINS[parent] = f"{node.label}() at\n{lines}"
        node_label = node.label  # a watcher that held its node would keep it alive

        def watcher(g: Any, recorded: bool) -> None:
            for value in g.values() if isinstance(g, dict) else (g,):
                bad = _first_bad(value)
                if bad is not None:
                    raise AnomalyError(
                        f"the gradient that reached the result of {node_label}() is {bad}\n"
                        f"its forward line was\n{lines}"
                    )

        WATCHERS.setdefault(node, []).append(watcher)

    def swept(self, cotangents: Mapping[Node, Any]) -> None:
        """Raise if a gradient that has reached a variable is not finite."""
        for node, g in cotangents.items():
            bad = None if isinstance(g, dict) else _first_bad(g)
            if bad is not None:
                used = f"\nwhich was last used by {ORIGINS[node]}" if node in ORIGINS else ""
                raise AnomalyError(f"the gradient that reached a variable is {bad}{used}")

    def pushed(self, node: Node, tangent: Any) -> None:
        """Raise if a tangent is not finite."""
        for value in tangent if isinstance(tangent, tuple) else (tangent,):
            bad = _first_bad(value)
            if bad is not None:
                lines = f"\nits forward line was\n{ORIGINS[node]}" if node in ORIGINS else ""
                raise AnomalyError(f"the tangent of the result of {node.label}() is {bad}{lines}")


OBSERVERS.append(Anomalies())


def detect_anomaly() -> Scope:
    """Within a `with` block, raise `AnomalyError` at the first NaN or infinity of the program or of a sweep.

    It names the op, the values, and the line of the program that recorded it.

    Slow: every value is looked at on the host. Costs nothing when off.

    The derivative of √x at 0 is infinite, for one; this says where it came from.

    Raises: within it `AnomalyError`, which names the op, the place in the array and the line of the forward pass.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> weights = tnp.asarray([1.0, float("nan")])
    >>> with detect_anomaly():
    ...     tapegrad.grad(lambda x: (x * weights).sum())(tnp.ones(2))
    Traceback (most recent call last):
    tapegrad.errors.AnomalyError: multiply() made nan at index (1,) of shape (2,) (1 of 2 elements are not finite)
    ...
    """
    return Scope(ANOMALY)


def tracked_nodes(y: Array, what: str) -> list[Node]:
    return reachable([_tracked(y, what)])


class Summary(str):
    """Text in lines, which a notebook shows as it is printed."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(self)}</pre>"


@door
def tape_summary(y: Array) -> Summary:
    """What lies on the tape behind `y`: how many nodes of each op, how deep, and how many bytes they keep.

    Shapes: any.

    Dtypes: any.

    Raises: `NotRecordedError` for a constant, `TypeError` for anything that is not an array.

    >>> import tapegrad.ndarray as nd, tapegrad.autograd as ag
    >>> x = nd.array([1.0, 2.0]); x.attach_grad()
    >>> with ag.record():
    ...     y = x * 2 + x
    >>> print(tape_summary(y))
    3 nodes, depth 2, 0 bytes kept
      1 add
      1 multiply
      1 variable
    """
    nodes = tracked_nodes(y, "tape_summary")
    counts = Counter(node.label for node in nodes)
    depth: dict[Node, int] = {}
    kept: dict[int, int] = {}
    for node in nodes:
        depth[node] = max((depth[p] + 1 for p in node.parents() if p in depth), default=0)
        kept.update({id(value): int(value.nbytes) for value in _kept_by(node)})
    lines = [f"{len(nodes)} nodes, depth {max(depth.values())}, {sum(kept.values())} bytes kept"]
    lines += [f"  {count} {label}" for label, count in sorted(counts.items())]
    return Summary("\n".join(lines))


def _kept_by(node: Node) -> list[Any]:
    """The raw arrays that a node holds: of an op what its formulas name, of other nodes what they and their rules keep.

    Functions and objects of the user's own are not searched: they are not kept for the tape's sake.
    """
    arrays: list[Any] = []
    met: set[int] = set()
    ahead = [getattr(node, name, None) for name in getattr(type(node), "__slots__", ()) if not name.startswith("p_")]
    while ahead:
        thing = ahead.pop()
        if id(thing) in met or isinstance(thing, (Node, Kernels, type)):
            continue
        met.add(id(thing))
        if isinstance(thing, (tuple, list)):
            ahead += thing
        elif isinstance(thing, dict):
            ahead += thing.values()
        elif isinstance(thing, Array):
            ahead.append(thing._value)
        elif isinstance(thing, Batched):
            ahead.append(thing.value)
        elif isinstance(thing, MethodType):
            ahead += [thing.__self__, thing.__func__]
        elif isinstance(thing, FunctionType):
            if (thing.__module__ or "").startswith("tapegrad."):  # written code is of no module
                ahead += inspect.getclosurevars(thing).nonlocals.values()
        elif getattr(thing, "nbytes", 0) and getattr(thing, "ndim", 0):
            arrays.append(thing)
        elif any(base.__module__.startswith("tapegrad.") for base in type(thing).__mro__):
            ahead += [
                getattr(thing, name, None) for base in type(thing).__mro__ for name in vars(base).get("__slots__", ())
            ]
            ahead += getattr(thing, "__dict__", {}).values()
    return arrays
