"""Groups as CUDA kernels: what is C for one thread, for a block of threads for each row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .emitter import MACROS, Emitter, Function, indented, names
from .lowering import Lowering, Value

__all__ = ["THREADS", "emit", "file"]

THREADS = 256
"""How many threads a block has: a power of two."""

PRELUDE = f"""\
typedef signed char int8_t; typedef short int16_t; typedef int int32_t; typedef long long int64_t;
typedef unsigned char uint8_t; typedef unsigned short uint16_t; typedef unsigned uint32_t;
typedef unsigned long long uint64_t;
#define restrict __restrict__
#define INT64_MIN (-9223372036854775807ll - 1)
#define INFINITY __int_as_float(0x7f800000)
#define NAN __int_as_float(0x7fc00000)
struct Plus {{ template <class T> __device__ T operator()(T a, T b) {{ return a + b; }} }};
struct Larger {{ template <class T> __device__ T operator()(T a, T b) {{ return a > b ? a : b; }} }};
struct Smaller {{ template <class T> __device__ T operator()(T a, T b) {{ return a < b ? a : b; }} }};
/* What all threads of a block have, taken together in an order that is always the same. */
template <class Join, class T> __device__ T together(T mine) {{
    __shared__ T all[{THREADS}];
    all[threadIdx.x] = mine;
    for (unsigned half = blockDim.x / 2; half; half /= 2) {{
        __syncthreads();
        if (threadIdx.x < half) all[threadIdx.x] = Join()(all[threadIdx.x], all[threadIdx.x + half]);
    }}
    __syncthreads();
    const T result = all[0];
    __syncthreads();
    return result;
}}
"""
"""What every file begins with. Arguments are the memory of C-contiguous arrays."""

# Of each reduction: what a thread begins with, and the result of the block.
_BEGIN = {
    "sum": "double s{n} = 0;",
    "max": "{t} s{n} = {low}; int u{n} = 0;",
    "min": "{t} s{n} = {low}; int u{n} = 0;",
    "any": "int s{n} = 0;",
    "all": "int s{n} = 1;",
}
_TOGETHER = {
    "sum": "const double t{n} = together<Plus>(s{n}), c{n} = 0;",
    "max": "const {t} t{n} = together<Larger>(s{n}); const int w{n} = __syncthreads_or(u{n});",
    "min": "const {t} t{n} = together<Smaller>(s{n}); const int w{n} = __syncthreads_or(u{n});",
    "any": "const int t{n} = __syncthreads_or(s{n});",
    "all": "const int t{n} = __syncthreads_and(s{n});",
}


def emit(table: Lowering, name: str, wanted: Sequence[Value], rows: int, size: int) -> Function:
    """The kernel of a group, for `rows` blocks."""
    return _Cuda(table, name, wanted, rows, size).function()


def file(functions: Sequence[Function]) -> str:
    """A file of kernels."""
    return "\n".join([PRELUDE + MACROS, *[f.source for f in functions]])


class _Cuda(Emitter):
    scratch, most = "__shared__ ", 1 << 15

    def over_rows(self, parameters: Sequence[tuple[str, str]], body: Sequence[str]) -> list[str]:
        taken = ", ".join(f"{pointer.removesuffix(' const')} {name}" for pointer, name in parameters)
        own = [line.replace("__builtin_", "") for line in body]
        head = f'extern "C" __global__ void {self.name}({taken}) {{'
        return [head, *indented(["const long row = blockIdx.x;"] * (self.rows > 1) + own), "}"]

    def through(self, axes: Sequence[tuple[str, Any]], lines: Sequence[str], simd: bool = False) -> list[str]:
        (*outer, (last, length)) = axes or [("i", 1)]
        index, size = [], math.prod([n for _, n in outer]) if outer else 1
        if outer:
            inward, size = length, size * length
            index.append(f"const long {last} = k % {length};")
            for name, n in reversed(outer):
                index.append(f"const long {name} = k / {inward} % {n};")
                inward *= n
            last, length = "k", size
        head = f"for (long {last} = threadIdx.x; {last} < {length}; {last} += blockDim.x) {{"
        return [head, *indented([*index, *lines]), "}", "__syncthreads();"]

    def each(self, axes: Sequence[tuple[str, Any]], lines: Sequence[str], width: int) -> list[str]:
        return self.through(axes, lines)

    def telling(self, values: Sequence[Value]) -> list[Value]:
        return []  # arithmetic costs a device nothing beside memory

    def reduced(self, axes: Sequence[tuple[str, Any]], lines: Sequence[str], values: Sequence[Value]) -> list[str]:
        return [
            *[_BEGIN[v.name].format(**names(v)) for v in values],
            *self.through(axes, lines),
            *[_TOGETHER[v.name].format(**names(v)) for v in values],
        ]
