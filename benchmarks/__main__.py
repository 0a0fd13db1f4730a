"""The entry of ``python -m benchmarks``: one thread everywhere, settled before any array library is imported."""

import os


def main() -> None:
    """Pin every numerical library to one thread, then run the command line."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ[name] = "1"
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")

    # Imported only now: NumPy's BLAS reads the number of threads once, when it is loaded.
    from benchmarks.command import run

    run()


if __name__ == "__main__":
    main()
