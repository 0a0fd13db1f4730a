"""A data-parallel step on eight virtual devices, printed as JSON; `test_sharding.py` runs it in a process apart."""

import json
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

import tapegrad
from tapegrad import gluon, init, nd, tree
from tapegrad.gluon import nn
from tapegrad.op import registered

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "examples"))
import data_parallel
import gpt

OPS = {name: op.call for name, op in registered().items()}
RNG = np.random.default_rng(0)
X = RNG.standard_normal((16, 6)).astype("float32")
LABELS = RNG.integers(0, 3, 16)
PARAMETERS = [(RNG.standard_normal(shape) * 0.3).astype("float32") for shape in ((6, 8), (8,), (8, 3), (3,))]


def loss(parameters, x, one_hot):
    """Softmax cross-entropy of a small perceptron."""
    w1, b1, w2, b2 = parameters
    h = OPS["tanh"](x @ w1 + b1)
    return -OPS["sum"](OPS["log_softmax"](h @ w2 + b2) * one_hot) / 16


def step(parameters, x, one_hot):
    value, grads = tapegrad.value_and_grad(loss)(parameters, x, one_hot)
    return value, [p - 0.1 * g for p, g in zip(parameters, grads, strict=True)]


def imperative(parameters, x, one_hot):
    """The same step as a user of MXNet would write it: variables, record, backward, update in place."""
    handles = [OPS["positive"](p) for p in parameters]
    for p in handles:
        p.attach_grad()
    with tapegrad.record():
        value = loss(handles, x, one_hot)
    value.backward()
    for p in handles:
        p[:] = p - 0.1 * p.grad
    return raw(value), [raw(p) for p in handles], [raw(p.grad) for p in handles]


def raw(x):
    """The JAX array under a handle."""
    return tapegrad.vjp(lambda y: y, x)[0]._value


def by_key(parameters, x, labels):
    """A loss that picks by index arrays, rows and slices, whose gradients are written at those keys."""
    w1, b1, w2, b2 = parameters
    scores = OPS["log_softmax"](OPS["tanh"](x @ w1 + b1) @ w2 + b2)
    picked = scores[np.arange(16), labels]
    return OPS["sum"](scores[0]) + OPS["sum"](scores[2:5, ::2] * 2.0) - OPS["sum"](picked)


def images(weight, x):
    """A convolution, a pool and a sum of squares."""
    found = OPS["max_pool"](OPS["convolution"](x, weight, pad=(1, 1)), kernel=(2, 2))
    return OPS["sum"](found * found)


def apart(found, wanted):
    return max(
        float(np.max(np.abs(np.asarray(a) - np.asarray(b)) / np.max(np.abs(np.asarray(b)))))
        for a, b in zip(found, wanted, strict=True)
    )


def transformer():
    """The GPT of the examples, small, its layers split over the eight devices beside the same on one of them."""
    for name, size in {"WIDTH": 16, "HEADS": 8, "LAYERS": 1, "CONTEXT": 8}.items():
        setattr(gpt, name, size)
    with tapegrad.use_backend("jax"):
        whole = gpt.first_parameters(5, 0)
        split = gpt.over_devices(whole, 8)
        step = jax.jit(tapegrad.value_and_grad(gpt.surprise))
        bare = [tree.map(raw, parameters) for parameters in (whole, split)]
        (value, grads), (split_value, split_grads) = (step(x, np.arange(18).reshape(2, 9) % 5) for x in bare)
    leaves = [jax.tree.leaves(x) for x in (grads, split_grads, bare[1])]
    return {
        "difference": apart([split_value, *leaves[1]], [value, *leaves[0]]),
        "laid_out": all(g.sharding.is_equivalent_to(p.sharding, p.ndim) for g, p in zip(*leaves[1:], strict=True)),
    }


def gluon_network(mesh=None):
    """Losses of a hybridized network, whose values lie on every device of the mesh and whose batches are spread."""

    def put(values, *spec):
        there = values if mesh is None else jax.device_put(values, NamedSharding(mesh, P(*spec)))
        return tapegrad.numpy.asarray(there).as_nd_ndarray()

    tapegrad.random.seed(0)
    net = nn.HybridSequential()
    net.add(nn.Dense(8, activation="tanh"), nn.BatchNorm(), nn.Dense(3))
    net.initialize(init.Xavier())
    net(nd.zeros((1, 6)))
    for parameter in net.collect_params().values():
        parameter.set_data(put(parameter.data().asnumpy()))
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
    objective = gluon.loss.SoftmaxCrossEntropyLoss()
    losses = []
    for _ in range(3):
        with tapegrad.record():
            value = objective(net(put(X, "data", None)), put(LABELS.astype("float32"), "data"))
        value.backward()
        trainer.step(len(X))
        losses.append(float(value.mean().asscalar()))
    return losses


def main(axes):
    one_hot = np.eye(3, dtype="float32")[LABELS]
    alone = step([jnp.asarray(p) for p in PARAMETERS], jnp.asarray(X), jnp.asarray(one_hot))

    mesh = jax.make_mesh((8,), ("data",), axis_types=(AxisType[axes],))

    def put(a, *spec):
        return jax.device_put(a, NamedSharding(mesh, P(*spec)))

    x, targets = put(X, "data", None), put(one_hot, "data", None)
    parameters = [put(p, *(None,) * p.ndim) for p in PARAMETERS]
    report = {}
    for name, run in {"eager": step, "jit": jax.jit(step)}.items():
        value, new = run(parameters, x, targets)
        report[name] = {
            "difference": apart([value, *new], [alone[0], *alone[1]]),
            "replicated": all(p.sharding.is_fully_replicated and len(p.devices()) == 8 for p in new),
        }
    value, new, grads = imperative(parameters, x, targets)
    report["imperative"] = {
        "difference": apart([value, *new], [alone[0], *alone[1]]),
        "replicated": all(g.sharding.is_fully_replicated and len(g.devices()) == 8 for g in grads),
    }
    grad_x = tapegrad.grad(loss, argnums=1)(parameters, x, targets)
    report["of_the_batch"] = {"sharded": grad_x.sharding.spec[0] == "data"}

    # A weight that is itself spread over the mesh gets its gradient spread in the same way.
    spread = [
        put(PARAMETERS[0], None, "data"),
        put(PARAMETERS[1], "data"),
        put(PARAMETERS[2], "data", None),
        parameters[3],
    ]
    full = [put(a, *(None,) * a.ndim) for a in (X, one_hot)]
    grads = tapegrad.grad(loss)(spread, *full)
    wanted = tapegrad.grad(loss)([jnp.asarray(p) for p in PARAMETERS], jnp.asarray(X), jnp.asarray(one_hot))
    report["spread_weights"] = {
        "difference": apart(grads, wanted),
        "laid_out": all(g.sharding.is_equivalent_to(p.sharding, p.ndim) for g, p in zip(grads, spread, strict=True)),
    }
    gradient = tapegrad.grad(by_key)
    report["by_key"] = {
        "difference": apart(
            gradient(parameters, x, LABELS), gradient([jnp.asarray(p) for p in PARAMETERS], jnp.asarray(X), LABELS)
        )
    }
    weight = RNG.standard_normal((4, 3, 3, 3)).astype("float32")
    pictures = RNG.standard_normal((16, 3, 6, 6)).astype("float32")
    gradient = tapegrad.grad(images)
    report["images"] = {
        "difference": apart(
            [gradient(put(weight, None, None, None, None), put(pictures, "data", None, None, None))],
            [gradient(jnp.asarray(weight), jnp.asarray(pictures))],
        )
    }
    report["transformer"] = transformer()
    with tapegrad.use_backend("jax"):
        report["network"] = {"losses": gluon_network(mesh), "alone": gluon_network()}
    _, losses, count = data_parallel.train(3)
    report["example"] = {"losses": losses, "alone": data_parallel.train(3, jax.devices()[:1])[1], "reductions": count}
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1])
