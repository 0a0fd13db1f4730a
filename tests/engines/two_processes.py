"""One of two processes that compute as one, and what they find, printed as JSON; `test_sharding.py` runs both."""

import json
import sys
from pathlib import Path

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

import tapegrad
import tapegrad.numpy as tnp
import tapegrad_jax
from tapegrad.errors import BackendError

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "examples"))
import data_parallel


def told(function, *args):
    """What the error says that a call raises."""
    try:
        function(*args)
    except BackendError as error:
        return str(error)
    return "nothing"


def main(address, path, rank):
    jax.distributed.initialize(address, 2, rank, initialization_timeout=60)
    parameters, losses, count = data_parallel.train(3)
    report = {"losses": losses, "reductions": count, "sum": float(np.asarray(parameters["w1"]).sum())}

    devices = np.array(jax.devices())
    rows = np.arange(12, dtype="float32").reshape(4, 3)
    spread = jax.device_put(rows, NamedSharding(Mesh(devices, ("data",)), P("data")))
    report["reading"] = told(tnp.asarray(spread).asnumpy)
    tree = {"parameters": parameters, "spread": tnp.asarray(spread), "local": np.array([1, 2]), "steps": 3}
    tapegrad.save(path, tree)

    report["arrays"] = told(tapegrad_jax.agree, {"x": np.zeros(8 + rank, "float32")})
    other = Mesh(devices[::-1] if rank else devices, ("rows",))
    apart = jax.make_array_from_process_local_data(NamedSharding(other, P("rows")), rows[:2])
    report["meshes"] = told(tapegrad.grad(lambda x: tnp.sum(x * x)), apart)
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
