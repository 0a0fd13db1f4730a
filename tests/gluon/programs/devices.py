"""Data parallelism on two contexts, several losses, gradients that are added up, and a hybrid network."""

import mxnet as mx
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import nn

mx.random.seed(4)
ctx = [mx.cpu(0), mx.cpu(1)]
net = nn.HybridSequential()
net.add(nn.Dense(4, activation="relu"), nn.Dense(1))
net.initialize(init=init.Normal(sigma=0.5), ctx=ctx)
x = nd.random.uniform(shape=(4, 3))
parts = gluon.utils.split_and_load(x, ctx)
print(net(parts[0]), net(parts[1]))
weight = net[0].params.get("weight")
try:
    weight.data(mx.cpu(2))
except RuntimeError:
    print("not initialized on", mx.cpu(2))
print(weight.data(ctx[0])[0], weight.data(ctx[1])[0], weight.list_ctx())
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9, "wd": 0.01})
for _ in range(3):
    with autograd.record():
        losses = [(net(X) - 1).square().sum() for X in parts]
    for l in losses:
        l.backward()
    trainer.step(4)
    print(sum(l.as_in_context(mx.cpu()) for l in losses))
print((weight.data(ctx[0]).asnumpy() == weight.data(ctx[1]).asnumpy()).all(), net[1].weight.data(ctx[1]))

net.collect_params().reset_ctx(mx.cpu(0))
net.collect_params().setattr("grad_req", "add")
for _ in range(2):
    with autograd.record():
        l = net(x).sum()
    l.backward()
print(net[1].bias.grad(), net[1].bias.list_ctx())
net.collect_params().zero_grad()
print(net[1].bias.grad())
net[1].weight.lr_mult, net[1].weight.wd_mult, net[0].weight.grad_req = 0.0, 0.0, "null"
before = net[1].weight.data().copy()
trainer = gluon.Trainer(net.collect_params(), "rmsprop", {"learning_rate": 0.1})
with autograd.record():
    l = net(x).sum()
l.backward()
trainer.step(1)
print((before == net[1].weight.data()).asnumpy().all(), net[1].bias.data(), trainer.learning_rate)
trainer.set_learning_rate(0.5)
print(trainer.learning_rate)

half = nn.Dense(2, in_units=3)
half.initialize()
half.cast("float16")
print(half.weight, half(x.astype("float16")).dtype)


class Scaled(gluon.HybridBlock):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.scale = self.params.get("scale", shape=(1, 4), init="ones")
            self.fc = nn.Dense(4, flatten=False)

    def hybrid_forward(self, F, x, scale):
        return F.broadcast_mul(F.tanh(self.fc(x)), scale)


scaled = Scaled()
scaled.initialize(init.Xavier(rnd_type="gaussian", factor_type="in", magnitude=2))
scaled.hybridize()
print(scaled(nd.random.normal(shape=(2, 3, 5))), scaled.collect_params())
scores = []
handle = scaled.register_forward_hook(lambda block, inputs, outputs: scores.append(outputs.shape))
scaled(nd.ones((1, 5)))
handle.detach()
scaled(nd.ones((1, 5)))
print(scores)
