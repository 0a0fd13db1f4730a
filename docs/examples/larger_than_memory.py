"""Larger than memory: two gradients over more numbers than the process may hold, by Dask.

What is learnt here: a gradient of a Dask array is a graph of tasks over the same chunks. Asking for the value and the
gradient together reads each chunk once and then lets it go, so the peak is a few chunks, however many there are. A
cluster runs the same graph and gives the same bits; a worker that dies on the way costs time and no number.

    python docs/examples/larger_than_memory.py --gigabytes 8 --limit 1.5
    python docs/examples/larger_than_memory.py --gigabytes 8 --workers 2 --kill 20
"""

import argparse
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import dask
import dask.array as da
import numpy as np
from workbench import natural, positive

import tapegrad
import tapegrad.numpy as tnp

FEATURES = 100


def data(gigabytes: float, chunk: int) -> tuple[Any, Any]:
    """Rows (n, 100) in chunks of so many megabytes, and labels (n,) in such: drawn anew whenever they are needed.

    Of rows in files, `dask.array.from_zarr` or `from_npy_stack` would make the like.
    """
    rows, together = int(gigabytes * 1e9 / 8 / FEATURES), max(1, int(chunk * 1e6 / 8 / FEATURES))
    x = da.random.default_rng(0).standard_normal((rows, FEATURES), chunks=(together, FEATURES))
    return x, (x @ np.linspace(-1, 1, FEATURES) > 0).astype(float)


def total(w: Any, x: Any) -> Any:
    """The sum of tanh(x @ w) over all rows, a scalar."""
    return tnp.sum(tnp.tanh(x @ w))


def loss(w: Any, x: Any, y: Any) -> Any:
    """Mean cross entropy of a logistic regression with weights (100,), a scalar."""
    scores = x @ w
    return tnp.mean(tnp.logaddexp(0, scores) - y * scores)


def run(x: Any, y: Any, steps: int = 1, rate: float = 4.0) -> dict[str, Any]:
    """The gradient of the sum, and the losses and the weights of some steps of the regression."""
    w, losses = np.full(FEATURES, 0.01), []
    slope = tapegrad.grad(total)(da.from_array(w), x).compute()
    for _ in range(steps):
        value, gradient = dask.compute(*tapegrad.value_and_grad(loss)(da.from_array(w), x, y))
        losses.append(float(value))
        w = w - rate * gradient
    return {"slope": slope, "losses": losses, "weights": w}


def peak() -> float:
    """The most memory that this process has held so far, in gigabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e9 / 1024)


def cluster(workers: int, limit: float) -> Any:
    """A cluster of processes on this machine, which share so many gigabytes; `Client(address)` is one of machines."""
    from distributed import Client

    dask.config.set({"distributed.scheduler.no-workers-timeout": "60s"})  # an error, if all of them are gone for good
    return Client(
        n_workers=workers, threads_per_worker=1, memory_limit=int(limit * 1e9 / workers), dashboard_address=None
    )


def kill_one(client: Any) -> int:
    """Kill one of the cluster's workers as the system would do it for want of memory; its process number."""
    victim = next(iter(client.run(os.getpid).values()))
    os.kill(victim, signal.SIGKILL)
    return victim


def main(argv: Sequence[str] | None = None) -> None:
    """Compute within the limit, and say how long it took and how much memory was held."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--gigabytes", type=float, default=0.1, help="of data (default 0.1)")
    parser.add_argument("--limit", type=float, default=1.5, help="gigabytes that may be used (default 1.5)")
    parser.add_argument("--chunk", type=positive, default=32, help="megabytes a chunk (default 32)")
    parser.add_argument("--steps", type=positive, default=1, help="of the regression (default 1)")
    parser.add_argument("--workers", type=natural, default=0, help="processes; 0, the default: threads of this one")
    parser.add_argument("--kill", type=float, metavar="SECONDS", help="kill one of the workers after so long")
    chosen = parser.parse_args(argv)
    if chosen.kill and not chosen.workers:
        parser.error("--kill needs --workers")
    if not chosen.workers:
        resource.setrlimit(resource.RLIMIT_AS, (int(chosen.limit * 1e9),) * 2)
    x, y = data(chosen.gigabytes, chosen.chunk)
    print(f"data            {x.nbytes / 1e9:.2f} GB in {x.npartitions} chunks of {x.chunksize[0]} rows")
    begun = time.perf_counter()
    with cluster(chosen.workers, chosen.limit) if chosen.workers else nullcontext() as client:
        if chosen.kill:
            client.loop.call_later(chosen.kill, client.loop.run_in_executor, None, kill_one, client)
        found = run(x, y, chosen.steps)
        peaks = [peak()] if client is None else list(client.run(peak).values())
    print(f"slope           {' '.join(float(s).hex() for s in found['slope'][:2])} ...")
    print(f"losses          {' '.join(value.hex() for value in found['losses'])}")
    print(f"weights         {' '.join(float(w).hex() for w in found['weights'][:2])} ...")
    print(f"seconds         {time.perf_counter() - begun:.1f}")
    print(f"peak memory     {' + '.join(f'{p:.2f}' for p in peaks)} GB, of {chosen.limit} GB")


if __name__ == "__main__":
    main()
