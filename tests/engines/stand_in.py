"""A stand-in for CuPy on machines without a GPU: NumPy under CuPy's names, as strict as CuPy about arrays of the host.

It shows that the engine's own code is right as far as NumPy and CuPy agree, and that no array of the host gets among
those of the device. Whether CuPy itself does what its documentation says needs a GPU: `tox -m gpu`.
"""

import contextlib
import sys
import types
from importlib.machinery import ModuleSpec

import array_api_compat.numpy as standard
import numpy as np
import scipy.special

CURRENT = [0]


class Device:
    """One of two devices; a context manager that makes it current, as CuPy's."""

    def __init__(self, number):
        self.id = number

    def __eq__(self, other):
        return self.id == other.id

    def __enter__(self):
        CURRENT.append(self.id)

    def __exit__(self, *error):
        CURRENT.pop()

    def synchronize(self):
        pass


class Array(np.ndarray):
    """What stands for `cupy.ndarray`: it refuses arrays of the host, and remembers its device."""

    def __array_finalize__(self, origin):
        self.number = getattr(origin, "number", CURRENT[-1])

    @property
    def device(self):
        return Device(self.number)

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **keywords):
        refuse(inputs)
        plain = [x.view(np.ndarray) if isinstance(x, Array) else x for x in inputs]
        if out is not None:
            keywords["out"] = tuple(o.view(np.ndarray) for o in out)
        return adopt(getattr(ufunc, method)(*plain, **keywords), out)

    def __getitem__(self, key):
        return adopt(self.view(np.ndarray)[plain(key)])

    def __array__(self, *args, **keywords):
        if ALLOWED:
            return np.ndarray.__array__(self, *args, **keywords)
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`")


ALLOWED = []


def refuse(values):
    for x in values:
        if type(x) is np.ndarray:
            raise TypeError("Unsupported type <class 'numpy.ndarray'>")


def adopt(found, out=None):
    if out is not None:
        return out[0]
    if isinstance(found, (tuple, list)):
        made = [adopt(x) for x in found]
        return type(found)(*made) if hasattr(found, "_fields") else type(found)(made)
    if isinstance(found, (np.ndarray, np.generic)):
        return np.asarray(found).view(Array)  # like CuPy's, results of no axes are arrays
    return found


def plain(value):
    if isinstance(value, Array):
        return value.view(np.ndarray)
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(map(plain, value))
    return value


def on_device(function, host=False):
    def call(*args, **keywords):
        if not host:
            refuse(args)
        return adopt(function(*map(plain, args), **{key: plain(value) for key, value in keywords.items()}))

    return call


class Space(types.ModuleType):
    """The functions of a NumPy-like module, on stand-in arrays."""

    def __init__(self, name, source, **own):
        super().__init__(name)
        self.source = source
        self.__spec__ = ModuleSpec(name, None)
        self.__dict__.update(own)

    def __getattr__(self, name):
        found = getattr(self.source, name)
        if isinstance(found, types.ModuleType):
            return Space(name, found)
        return found if isinstance(found, type) or not callable(found) else on_device(found)


def asnumpy(a):
    return np.array(plain(a))


def scatter_add(a, slices, value):
    np.add.at(plain(a), plain(slices), plain(value))


def install():
    """Put the stand-in where `import cupy` finds it."""
    special = Space("cupyx.scipy.special", scipy.special)
    scipy_space = Space("cupyx.scipy", scipy.special, special=special)
    cuda = types.SimpleNamespace(Device=Device, runtime=types.SimpleNamespace(getDeviceCount=lambda: 2))
    cupy = Space(
        "cupy", np, ndarray=Array, asnumpy=asnumpy, array=on_device(np.array, host=True), cuda=cuda, __version__="0"
    )
    compat = Space("array_api_compat.cupy", standard, asarray=on_device(standard.asarray, host=True))
    sys.modules.update(
        {
            "cupy": cupy,
            "cupyx": Space("cupyx", np, scatter_add=scatter_add, scipy=scipy_space),
            "cupyx.scipy": scipy_space,
            "cupyx.scipy.special": special,
            "array_api_compat.cupy": compat,
        }
    )


def judge():
    """Every sample of every op, forward and back, beside NumPy; prints what differs."""
    import tapegrad
    from tapegrad.arrays.array import handle
    from tapegrad.op import registered
    from tapegrad.op.call import pull_back
    from tapegrad.op.samples import Draw
    from tapegrad.tape.mode import RECORDING, Scope
    from tapegrad.tape.nodes import Leaf

    def run(backend, op, arrays, keywords):
        kernels = backend.kernels
        names = op.inputs + (op.variadic,) * (len(arrays) - len(op.inputs))
        handles, leaves = [], []
        for name, x in zip(names, arrays, strict=False):
            if isinstance(x, np.ndarray):
                tracked = name in op.formulas and x.dtype.kind in "fc"
                leaves += [Leaf()] if tracked else []
                x = handle(tapegrad.numpy.ndarray, backend.from_numpy(x), leaves[-1] if tracked else None, kernels)
            handles.append(x)
        with Scope(RECORDING):
            out = op.call(*handles, **keywords)
        outs = out if isinstance(out, (list, tuple)) else [out]
        seeds = [(o._node, kernels.ones_like(o._value)) for o in outs if o._node is not None]
        found = pull_back(seeds) if seeds else {}
        values = [o._value for o in outs] + [found[leaf] for leaf in leaves if leaf in found]
        assert all(isinstance(v, backend.array_types()) for v in values), [type(v) for v in values]
        return [backend.to_numpy(v) for v in values]

    numpy, cupy = tapegrad.get_backend("numpy"), tapegrad.get_backend("cupy")
    count = 0
    for name, op in registered().items():
        for number, sample in enumerate(op.samples[:6]):
            draws, keywords = sample if len(sample) == 2 and isinstance(sample[1], dict) else (sample, {})
            rng = np.random.default_rng(number)
            arrays = [d.draw(rng) if isinstance(d, Draw) else d for d in draws]
            with np.errstate(all="ignore"), contextlib.suppress(NotImplementedError):
                wanted = run(numpy, op, arrays, keywords)
                count += 1
                try:
                    found = run(cupy, op, arrays, keywords)
                    for a, b in zip(found, wanted, strict=True):
                        assert a.dtype == b.dtype
                        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
                except Exception as error:
                    print(f"{name}-{number}: {type(error).__name__}: {' '.join(str(error).split())[:300]}")
    print("judged", count)


if __name__ == "__main__":
    install()
    judge()
