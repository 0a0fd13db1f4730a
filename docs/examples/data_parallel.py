"""Data parallelism: the same step on one device, on a mesh of several, and on the devices of several processes.

What is learnt here: nothing in the loss or in the step speaks of devices. The batch is laid over the mesh and the
parameters are on all of it; JAX makes one program for all devices, in which the gradients are added up by a single
all-reduce. A mesh over the devices of many machines is no different: each process brings its rows of the batch.

    python docs/examples/data_parallel.py
    python docs/examples/data_parallel.py --devices 8
    python docs/examples/data_parallel.py --processes 2 --save model.safetensors
    python docs/examples/data_parallel.py --processes 16 --rank $SLURM_PROCID --coordinator node0:8476
"""

import argparse
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from workbench import natural, positive

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import nn, optimizers

INPUTS, HIDDEN, CLASSES, BATCH = 32, 64, 10, 1024


def first_parameters(seed: int = 0) -> dict[str, np.ndarray]:
    """The parameters of a perceptron with one hidden layer, on the host."""
    rng = np.random.default_rng(seed)
    shapes = {"w1": (INPUTS, HIDDEN), "b1": (HIDDEN,), "w2": (HIDDEN, CLASSES), "b2": (CLASSES,)}
    return {name: (rng.standard_normal(shape) * 0.2).astype("float32") for name, shape in shapes.items()}


def batch(step: int, rows: slice) -> tuple[np.ndarray, np.ndarray]:
    """Those rows of the batch of a step, (n, 32), and their classes: what a process reads of its files."""
    x = np.random.default_rng(step).standard_normal((BATCH, INPUTS)).astype("float32")
    classes = np.argmax(x @ first_parameters(seed=1)["w1"][:, :CLASSES], axis=1).astype("int32")
    return x[rows], classes[rows]


def loss(parameters: dict[str, Any], x: Any, classes: Any) -> Any:
    """Mean cross entropy of the perceptron."""
    hidden = tnp.tanh(x @ parameters["w1"] + parameters["b1"])
    return nn.cross_entropy(hidden @ parameters["w2"] + parameters["b2"], classes)


def stepper(optimizer: optimizers.Transformation) -> Callable[..., tuple[Any, Any, Any]]:
    """One step of learning as one program: new parameters, the optimizer's new state, and the loss."""
    import jax

    def step(parameters: Any, state: Any, x: Any, classes: Any) -> tuple[Any, Any, Any]:
        value, gradients = tapegrad.value_and_grad(loss)(parameters, x, classes)
        updates, state = optimizer.update(gradients, state, parameters)
        return optimizers.apply_updates(parameters, updates), state, value

    return jax.jit(step)


def reductions(program: Any) -> int:
    """How many all-reduces a compiled program has."""
    return len(re.findall(r"\ball-reduce(?:-start)?\(", program.as_text()))


def train(steps: int, devices: Sequence[Any] | None = None) -> tuple[Any, list[float], int]:
    """The parameters after so many steps on all devices or these, the loss of each step, and the all-reduces in one."""
    import jax
    from jax.sharding import NamedSharding, PartitionSpec

    import tapegrad_jax

    devices = jax.devices() if devices is None else devices
    mesh = jax.make_mesh((len(devices),), ("data",), axis_types=(jax.sharding.AxisType.Auto,), devices=devices)
    everywhere, by_rows = NamedSharding(mesh, PartitionSpec()), NamedSharding(mesh, PartitionSpec("data"))
    optimizer = optimizers.sgd(0.5, momentum=0.9)
    parameters = jax.device_put(first_parameters(), everywhere)
    tapegrad_jax.agree(parameters)
    share = BATCH // jax.process_count()
    rows = slice(jax.process_index() * share, (jax.process_index() + 1) * share)
    state = jax.device_put(optimizer.init(parameters), everywhere)
    step, program, losses = stepper(optimizer), None, []
    for number in range(steps):
        x, classes = (jax.make_array_from_process_local_data(by_rows, part) for part in batch(number, rows))
        if program is None:
            program = step.lower(parameters, state, x, classes).compile()
        parameters, state, value = program(parameters, state, x, classes)
        losses.append(float(value))
    return parameters, losses, reductions(program)


def start(processes: int, argv: Sequence[str]) -> None:
    """Run this program in so many processes of this machine, which find one another at a free port."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    command = [sys.executable, __file__, *argv, "--coordinator", address, "--rank"]
    running = [subprocess.Popen([*command, str(rank)]) for rank in range(processes)]
    if any(list(map(subprocess.Popen.wait, running))):
        sys.exit("a process failed")


def main(argv: Sequence[str] | None = None) -> None:
    """Learn for some steps, print the losses, and save the parameters if asked."""
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=positive, default=20, help="batches to learn from (default 20)")
    parser.add_argument(
        "--devices", type=positive, default=1, help="virtual ones of each process, on a CPU (default 1)"
    )
    parser.add_argument("--processes", type=positive, default=1, help="started here unless --rank is given (default 1)")
    parser.add_argument("--rank", type=natural, help="which of the processes this is")
    parser.add_argument("--coordinator", help="HOST:PORT of process 0, the same for all")
    parser.add_argument("--timeout", type=positive, default=60, help="seconds to wait for the others (default 60)")
    parser.add_argument("--save", metavar="FILE", help="save the parameters in this safetensors file")
    chosen = parser.parse_args(argv)
    if chosen.processes > 1 and chosen.rank is None:
        return start(chosen.processes, argv)
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_force_host_platform_device_count={chosen.devices}"
    import jax

    if chosen.rank is not None:
        jax.distributed.initialize(
            chosen.coordinator, chosen.processes, chosen.rank, initialization_timeout=chosen.timeout
        )
    parameters, losses, count = train(chosen.steps)
    if chosen.save:
        tapegrad.save(chosen.save, parameters)
    if not chosen.rank:
        print(f"devices      {jax.device_count()} of {jax.process_count()} process(es)")
        print(f"all-reduces  {count} a step")
        print(f"losses       {' '.join(value.hex() for value in losses[:2])} ... {losses[-1]:.4f}")


if __name__ == "__main__":
    main()
