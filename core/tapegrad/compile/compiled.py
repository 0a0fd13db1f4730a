"""`compile`: run ordinary array code once, and from then on the program of kernel calls that it was."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from typing import Any, NamedTuple
from weakref import ref

from ..arrays.array import Array
from ..arrays.trees import callable_or_error, flatten, unflatten
from ..engines.faults import first_line
from ..engines.registry import backend_of
from ..errors import CompileError, CompileWarning
from ..tape.guards import JOURNAL, Journal
from ..tape.mode import ENTERED, JOURNALING, MODE, RECORDING, TOLD, TRAINING
from ..tape.sweep import WATCHERS
from ..tape.tracebacks import door, fold, users_frame
from ..transforms.transformed import name_of, place_of
from .doors import ACTIVE
from .guards import FICKLE, SCALARS, Reach, Reaches
from .leaving import Leaving, on_the_tape
from .loops import DEEP, LONG, MANY, OFTEN, Course, rolled
from .program import End, Step, on_host
from .reaching import reachable
from .recorded import Again, Outcome, attached, swept
from .recording import Mismatch, Recording
from .settling import commit, let_go, made_by, read_by, replaced_in_holders, survivors
from .sorts import ATTEMPTS, PLAIN_ARGUMENTS, Sort, is_raw, sort_of
from .source import Missed
from .state import Appended, Copies, Inside, StandIns, containers, is_number
from .strict import Comparison, check_readings
from .trace import Rehearsal, Trace
from .values import Untraceable, Value


class _Method(Reaches):
    """A method of an object that its programs do not keep alive."""

    def __init__(self, function: Callable[..., Any], instance: Any) -> None:
        update_wrapper(self, function)
        self._function = function
        self._instance = instance

    def reaches(self) -> list[Any]:
        return [self._function, self._instance()]

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self._function(self._instance(), *args, **keywords)


class _Bound(Reaches):
    """A compiled method of an object, which it keeps alive, as Python's bound methods do."""

    def __init__(self, compiled: Compiled, instance: Any) -> None:
        self.__wrapped__ = compiled
        self.__self__ = instance

    def reaches(self) -> list[Any]:
        return [self.__wrapped__, self.__self__]

    def __repr__(self) -> str:
        return f"<compile of bound method {self.__qualname__} of {self.__self__!r}>"

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self.__wrapped__(*args, **keywords)

    def __getattr__(self, name: str) -> Any:
        if name == "__wrapped__":  # which copies and pickles ask for before there is one
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)


class Call(NamedTuple):
    """The arguments of a call, as they came and as leaves; `structure` is None where these are all positional ones."""

    args: tuple[Any, ...]
    keywords: dict[str, Any]
    leaves: list[Any]
    structure: Any


class Compiled(Reaches):
    """A compiled function; see `compile`."""

    def __init__(
        self, fun: Callable[..., Any], strict: bool = False, max_programs: int = 32, quiet: bool = False
    ) -> None:
        update_wrapper(self, fun)
        self._fun = fun
        self._quiet = quiet
        self._strict = strict
        self._most = max_programs
        self._sorts: dict[Any, Sort] = {}
        self._lock = threading.RLock()
        self._counts = {"calls": 0, "replays": 0, "traces": 0, "eager": 0}
        self._reasons: list[str] = []
        self._said: set[str] = set()
        """Why calls ran eagerly of whose arguments nothing is kept."""
        self._bound: dict[int, Compiled] = {}

    def reaches(self) -> list[Any]:
        return [self._fun]

    def __repr__(self) -> str:
        return f"<compile of {name_of(self._fun)}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return place_of(self) or (Compiled, (self._fun, self._strict, self._most, self._quiet))

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        place = id(instance)
        found = self._bound.get(place)
        if found is None:
            methods = self._bound
            try:
                holder = ref(instance, lambda _: methods.pop(place, None))
            except TypeError:
                name, cls = getattr(self._fun, "__qualname__", repr(self._fun)), type(instance).__name__
                raise CompileError(
                    f"{name} cannot be a compiled method of a {cls}, to which there are no weak references; "
                    'add "__weakref__" to its __slots__, or compile a function'
                ) from None
            found = methods[place] = Compiled(_Method(self._fun, holder), self._strict, self._most, self._quiet)
        return _Bound(found, instance)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        mode = MODE.get() & ~(TRAINING | TOLD | ENTERED)
        itself = mode not in (0, RECORDING, RECORDING | JOURNALING) or (mode and self._strict)
        if itself or ACTIVE.get() is not None or WATCHERS.data:  # type: ignore[attr-defined]
            return self._fun(*args, **keywords)
        self._counts["calls"] += 1
        leaves: list[Any]
        structure: Any
        if not keywords and all(isinstance(x, PLAIN_ARGUMENTS) for x in args):
            leaves, structure = list(args), None
        else:
            leaves, structure = flatten((args, keywords))
        key = sort_of(leaves, structure)
        sort = self._sorts.get(key)
        if key is None:
            return self._eager(args, keywords, "they hold what cannot be hashed beside arrays and numbers")
        if sort is None and self._courses() >= self._most:
            why = f"for others it takes {self._most} courses already; give what differs as numbers or arrays"
            return self._eager(args, keywords, why)
        call = Call(args, keywords, leaves, structure)
        given: list[Any] = []
        known: Recording | None = None
        failure: Exception | None = None
        inputs = leaves
        if sort is not None:
            if sort.refusal:
                return self._eager(args, keywords)
            inputs, kind = sort.with_state(leaves)
            if sort.written:
                inputs = [*inputs, *containers((args, keywords))]
            for recording in sort.programs.get(kind, ()):
                handles = recording.handles(inputs)
                if handles is not None:
                    known = recording if known is None or known.has_loop else known
                    if recording.doubtful or recording.deep:
                        break
                    comparison = Comparison(handles, sort.state) if self._strict else None
                    done, out = self._replay(recording, handles, inputs, given)
                    if done:
                        if comparison is not None:
                            run = partial(self._run_traced, sort=sort, lists=Appended(Reach()), call=call)
                            comparison.check(recording, out, run, inputs, given)
                        return self._attached(sort, out, call, given)
                    failure = out
                    if failure is not None or given:
                        break
        try:
            with self._lock:
                sort = self._sorts.get(key)
                if sort is None:
                    sort = self._sorts[key] = Sort(leaves)
                out = self._traced(sort, known, failure, call, given)
                return self._attached(sort, out, call, given)
        except Exception as error:
            fold(error)
            raise

    # ---- the ways to run it

    def _attached(self, sort: Sort, out: Any, call: Call, drawn: Sequence[Any]) -> Any:
        """What a program has given, which under `record()` gets its place on the tape."""
        if type(out) is not Outcome:
            return out
        return attached(out, Again(self._fun, call.args, call.keywords, out, drawn), sort.seed)

    def _eager(self, args: Any, keywords: Any, why: str = "") -> Any:
        if why and (self._strict or why not in self._said):
            self._said.add(why)
            self._say(why)
        self._counts["eager"] += 1
        return self._fun(*args, **keywords)

    def _replay(self, recording: Recording, handles: list[Array], leaves: Sequence[Any], drawn: list[Any]) -> Any:
        """Run the program: whether it came to its end, and what it returns."""
        try:
            result = recording.program.run(handles, leaves, drawn)
        except Missed:
            return False, None
        except Exception as error:
            # The function itself has the better words for it, and the lines.
            return False, error
        self._counts["replays"] += 1
        return True, result

    def _traced(
        self, sort: Sort, known: Recording | None, failure: Exception | None, call: Call, drawn: list[Any]
    ) -> Any:
        """Run the function and note what it does. Whatever becomes of the notes, the run is as good as an eager one."""
        self._counts["traces"] += 1
        self._reasons.append(_reason(sort, known, failure))
        leaves = call.leaves
        reach = reachable(
            [self._fun, *[leaf for leaf in leaves if not (isinstance(leaf, (Array, *SCALARS)) or is_raw(leaf))]]
        )
        sort.vary(leaves, sort.with_state(leaves)[1])
        if known is None:
            sort.take_up([place for recording in sort.recordings for place in recording.reach.changed()])
        inputs, kind = sort.with_state(leaves)
        streams, seedings = reach.drawn_from(), _seedings()
        trace = Trace(drawn, bool(MODE.get() & RECORDING), reach.functions)
        lists = Appended(reach)
        end: End | None = None
        reason: str | None = None
        journal = JOURNAL.get()
        JOURNAL.set(Journal(borrows=False))  # in the place of a transform's, which knows nothing of traced values
        try:
            with trace:
                result, end, expected = self._run_traced(trace, sort, lists, call)
                if any(id(x) not in expected and on_the_tape(x) for x in made_by(trace)):
                    raise Untraceable("an array that is still being differentiated outlives the call")
                kept = survivors(lambda: [x for x in made_by(trace) if id(x) not in expected])
                if kept:
                    trace.refuse(f"an array of shape {kept[0].shape} that it makes is kept somewhere", kept[0]._value)
                out = _plain(result)
                del kept, result
                for value in survivors(lambda: read_by(trace)):  # those that were returned as well
                    if not replaced_in_holders(value, value.value):
                        raise Untraceable("a number that it reads back is kept somewhere")
                    trace.refuse("a number that it reads back is kept somewhere", value)
        except Untraceable as why:
            reason = str(why)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        finally:
            JOURNAL.set(journal)
        if reason is not None or end is None:
            return self._again(sort, trace, reach, str(reason), call)
        commit(trace)
        drawn[:] = trace.draws.taken
        if reach.drawn_from() != streams:
            where = reach.line(None, FICKLE)
            trace.refusal = "it draws random numbers that are not tapegrad's, which would be the same each time"
            trace.refusal += f" (at {where})" if where else ""
        if _seedings() != seedings:
            trace.refusal = "it seeds random numbers"
        self._keep(sort, kind, known, trace, reach, end, inputs)
        if known is not None and failure is not None:
            known.failures += 1
            if known.failures > 1 and not sort.fix(leaves):
                self._give_up(sort, f"its program fails where it does not, {failure!r}")
        return out

    def _run_traced(self, trace: Trace, sort: Sort, lists: Appended, call: Call) -> Any:
        """Run the function within a trace: its result, the end of the program, and who may live on."""
        given, keywords, leaves, structure = call
        trace.visits.known = sort.counters
        told_apart = set(sort.told_apart)
        entered = [leaf if i in told_apart else _entered(trace, i, leaf) for i, leaf in enumerate(leaves)]
        arguments = (entered, {}) if structure is None else unflatten(structure, entered)
        copies = Copies() if structure is None else Copies((given, keywords), arguments)
        with StandIns(sort.state, trace, len(leaves)) as state:
            result = self._fun(*arguments[0], **arguments[1])
            trace.visits.close()
            leaving = Leaving(trace, [*leaves, *state.leaves], (state, copies, lists))
            if MODE.get() & RECORDING:
                result, end = swept(trace, leaving, result, sort.seeds)
            else:
                end = leaving.end(result)
            if MODE.get() & JOURNALING and (end.effects or end.writes):
                raise Untraceable("it writes to what is outside of a transform")
        return result, end, set(leaving.expected)

    def _again(self, sort: Sort, trace: Trace, reach: Reach, why: str, call: Call) -> Any:
        """Run the function without a trace, with the random numbers of the run that failed. All is as it was."""
        trace.visits.close()
        let_go(trace)
        reach.restore()
        where = trace.path[-1].line if trace.path and isinstance(trace.path[-1], Step) else ""
        try:
            with Rehearsal(trace.draws.taken, trace.draws.keys) as rehearsal:
                result = self._fun(*call.args, **call.keywords)
        except BaseException:
            reach.restore()
            raise
        commit(rehearsal)
        self._counts["eager"] += 1
        if not sort.fix(call.leaves):
            self._give_up(sort, why, where)
        return result

    def _keep(
        self,
        sort: Sort,
        kind: Any,
        known: Recording | None,
        trace: Trace,
        reach: Reach,
        end: End,
        leaves: Sequence[Any],
    ) -> None:
        """Make a trace a program, unless there is reason not to."""
        if self._strict:
            check_readings(trace)
        if reach.beyond:
            self._give_up(sort, reach.beyond)
            return
        changed = [place for place in reach.changed() if place not in sort.state.places]
        if sort.take_up(changed):
            return  # the next trace has it
        if trace.refusal:
            self._try_later(sort, trace.refusal)
            return
        sort.written = sort.written or any(isinstance(write.place, Inside) for write in end.writes)
        changed = [place for place in changed if id(place.holder) not in reach.appended]
        read = next((place for place in changed if not reach.only_written(place)), None)
        if read is not None:
            self._try_later(
                sort, f"it changes what it reads of Python's state, {read}", reach.line(read.holder, [read.key])
            )
            return
        host = reach.changed_host
        if host is not None:
            why = f"it writes to a NumPy array of shape {host.shape} that it does not make itself"
            self._try_later(sort, why, reach.line(host, []))
            return
        guarded = {*changed, *sort.state.places}
        reach.places = [p for p in reach.places if p not in guarded and id(p.holder) not in reach.appended]
        constants = [step for step in trace.path if isinstance(step, Step) and step.name == "constant"]
        constants = [step for step in constants if not _is_uniform(step.args[0])]
        recordings = sort.programs.setdefault(kind, [])
        fresh = known not in recordings
        recording = Recording(reach, leaves) if known is None or fresh else known
        recording.doubtful = fresh and (bool(constants) or reach.fickle)
        course = Course(trace.path, trace.specs, end, trace.visits)
        deep = recording.deep or course.branches > DEEP
        long = course.branches > OFTEN or len(trace.path) > LONG
        many = deep or long or (not fresh and (recording.ends >= MANY or bool(sort.counters)))
        if many and sort.count(trace.visits.counters):
            return  # the next traces have them
        plain, loop = course, rolled(recording.course, course) if many else None
        if loop is not None:
            if not fresh and (loop.both or not recording.has_loop):
                recordings.remove(recording)
            recording, course, fresh = Recording(reach, leaves), loop, True
        elif not fresh and deep:
            recording.course = course
            if sort.count(dict.fromkeys(sort.counters)):
                return  # plain numbers make no branch points
            self._try_later(sort, f"it comes to more than {DEEP} branch points, which are no loop")
            return
        elif not fresh and recording.has_loop:
            recording, fresh = Recording(reach, leaves), True  # another course beside the loop
        try:
            recording.add(trace, course, leaves)
        except Untraceable as why:
            self._give_up(sort, str(why))
            return
        except Mismatch as where:
            self._give_up(sort, f"its course differs from call to call: {where}")
            return
        recording.course = plain
        if fresh:
            recordings.append(recording)
        if self._courses() > self._most:
            self._give_up(sort, f"it takes more than {self._most} courses", _last_branch(trace))

    def _try_later(self, sort: Sort, why: str, where: str = "") -> None:
        sort.attempts += 1
        if self._strict or sort.attempts >= ATTEMPTS:
            self._give_up(sort, why, where)

    def _give_up(self, sort: Sort, why: str, where: str = "") -> None:
        """Run arguments of this sort eagerly from now on, and say so once."""
        sort.programs.clear()
        first = not sort.refusal
        sort.refusal = f"{why}{f' (at {where})' if where else ''}"
        if first or self._strict:
            self._say(sort.refusal)

    def _say(self, why: str) -> None:
        """Warn of what runs eagerly, where the user's program calls it. Raises `CompileError` where all is strict."""
        name = getattr(self._fun, "__qualname__", repr(self._fun))
        if self._strict:
            raise CompileError(f"{name} cannot be compiled: {why}")
        frame = users_frame()
        if frame is not None and not self._quiet and not MODE.get() & JOURNALING:
            text = f"{name} runs eagerly, for arguments such as these: {why}"
            warnings.warn_explicit(text, CompileWarning, frame.f_code.co_filename, frame.f_lineno)

    # ---- what is known of it

    def stats(self) -> dict[str, int]:
        """How often it was called, and how: counts by name, and the number of programs kept."""
        return {**self._counts, "programs": self._courses()}

    def _courses(self) -> int:
        return sum(recording.ends for sort in self._sorts.values() for recording in sort.recordings)

    def explain(self, *, code: bool = False) -> str:
        """Its programs as text; with `code`, what has become machine code as C as well."""
        from .words import explanation

        return explanation(self, code)


def _seedings() -> tuple[int, int]:
    """How often the streams of random numbers have been seeded."""
    from ..randomness.defaults import mxnet, philox

    return philox.seedings, mxnet.seedings


def _entered(trace: Trace, place: int, leaf: Any) -> Any:
    """An argument as the traced function gets it."""
    if is_number(leaf):
        return trace.number(place, leaf)
    if isinstance(leaf, (Array, *SCALARS)) or not is_raw(leaf):
        return leaf
    return trace.argument(place, leaf, backend_of(leaf))


def _plain(result: Any) -> Any:
    """What a traced function returned, with plain values."""
    leaves, structure = flatten(result)
    if not any(isinstance(leaf, Value) for leaf in leaves):
        return result
    return unflatten(structure, [leaf.value if isinstance(leaf, Value) else leaf for leaf in leaves])


def _reason(sort: Sort, known: Recording | None, failure: Exception | None) -> str:
    """Why a call is traced."""
    if failure is not None:
        return f"its program failed with {type(failure).__name__}: {first_line(failure)}"
    if known is not None:
        return "to see whether it is the same again" if known.doubtful else "the host saw what it had not seen before"
    if not sort.recordings:
        return "arguments of a new sort" if not sort.attempts else "it had changed what it reads of Python's state"
    changed = sort.recordings[-1].reach.changed()
    return f"{changed[0]} is not what it was" if changed else "other arrays than before"


def _is_uniform(raw: Any) -> bool:
    """Whether all elements of a constant are the same, as those of zeros and ones are; of a single one, if it is."""
    array = on_host(raw)
    if array is None:
        return False
    return array.size == 0 or bool((array == (array.flat[0] if array.size > 1 else array.astype(bool))).all())


def _last_branch(trace: Trace) -> str:
    branches = [item[0].line for item in trace.path if not isinstance(item, Step)]
    return branches[-1] if branches else ""


@door
def compile(fun: Callable[..., Any] | None = None, *, strict: bool = False, max_programs: int = 32) -> Any:
    """A function that runs ordinary array code once and then repeats the kernel calls that were in it.

    The first call runs `fun` and notes every call of a kernel, `record()`, `backward()` and writes in place included.
    Later calls with arguments of the same sort run these straight away. Arrays that the function reads or rebinds are
    found; what Python sees of their numbers (`bool`, `float`, `asscalar()`, `while norm < 1000`) is a branch point of
    the program, and an outcome not met before is recorded in its turn. Programs are kept apart by the shapes, dtypes,
    engine and Python values of the arguments, train mode, and Python's state as far as the function reaches it.
    `max_programs` bounds how many courses are kept; a function that takes more, or that cannot be compiled, runs
    eagerly, with one warning that says why. With `strict` that is an error, and each call runs both ways and compares.

    What the function does beside arrays (`print`) it does while it is traced only. Under `record()` and `grad` it is
    two programs, one of them for the sweep back; under `vmap` or within another compiled function the function itself
    runs.

    Shapes: any; one program for each.

    Dtypes: any; one program for each.

    Raises: what the function raises, and then every array is as it was; with `strict` `CompileError`.

    >>> import tapegrad
    >>> import tapegrad.numpy as tnp
    >>> w = tnp.asarray([1.0, 2.0])
    >>> w.attach_grad()
    >>> @tapegrad.compile
    ... def step(x):
    ...     with tapegrad.record():
    ...         loss = ((w - x) ** 2).sum()
    ...     loss.backward()
    ...     w[:] = w - 0.25 * w.grad
    ...     return loss
    >>> [step(tnp.asarray([3.0, 2.0])).item() for _ in range(3)]
    [4.0, 1.0, 0.25]
    >>> step.stats()["replays"]
    2
    """
    if fun is None:
        return lambda fun: compile(fun, strict=strict, max_programs=max_programs)
    callable_or_error("compile", fun)
    return Compiled(fun, strict, max_programs)
