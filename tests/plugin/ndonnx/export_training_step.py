"""A step of training, the recorded backward pass included, as one ONNX graph that onnxruntime runs.

pip install onnxruntime, tapegrad and this folder; then `python export_training_step.py step.onnx`. The graph has the
weights and the data for inputs, the loss and the new weights for outputs, so that any language that has an ONNX runtime
can train with it.
"""

import sys

import ndonnx
import numpy
import onnxruntime

import tapegrad
import tapegrad.numpy as tnp


def loss(weights, x, y):
    hidden = tnp.tanh(x @ weights["first"] + weights["bias"])
    return tnp.mean((hidden @ weights["second"] - y) ** 2)


def step(weights, x, y):
    value, slopes = tapegrad.value_and_grad(loss)(weights, x, y)
    return value, {name: weights[name] - 0.2 * slopes[name] for name in weights}


random = numpy.random.default_rng(0)
x = random.normal(size=(64, 3)).astype("float32")
y = numpy.sin(x[:, 0]) * x[:, 1]
weights = {"first": random.normal(size=(3, 16)), "bias": numpy.zeros(16), "second": random.normal(size=16) / 4}
weights = {name: values.astype("float32") for name, values in weights.items()}

# Arguments have shapes and no numbers: what is done with them, forwards and backwards, becomes the graph.
arguments = {
    name: ndonnx.argument(shape=a.shape, dtype=ndonnx.float32) for name, a in {**weights, "x": x, "y": y}.items()
}
value, stepped = step({name: arguments[name] for name in weights}, arguments["x"], arguments["y"])
model = ndonnx.build(arguments, {"loss": value, **{f"next_{name}": new for name, new in stepped.items()}})
with open(sys.argv[1] if len(sys.argv) > 1 else "step.onnx", "wb") as file:
    file.write(model.SerializeToString())

session = onnxruntime.InferenceSession(model.SerializeToString())
ours = theirs = weights
for turn in range(101):
    theirs_loss, *new = session.run(["loss", *(f"next_{name}" for name in weights)], {**theirs, "x": x, "y": y})
    ours_loss, ours = step(ours, x, y)
    theirs = dict(zip(weights, new, strict=True))
    if turn % 50 == 0:
        print(f"step {turn}: loss {theirs_loss:.5f} by onnxruntime, {ours_loss:.5f} by tapegrad on NumPy")
print(f"{len(model.graph.node)} nodes; weights differ by {max(abs(ours[k] - theirs[k]).max() for k in weights):.1e}")
