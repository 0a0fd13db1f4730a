"""A perceptron of two layers with a trainer, small enough for engines that compile what they meet."""

import mxnet as mx
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import nn

mx.random.seed(1)
net = nn.Sequential()
net.add(nn.Dense(4, activation="relu"), nn.Dense(3))
net.initialize(init.Xavier())
X, y = nd.random.normal(shape=(4, 5)), nd.array([0, 2, 1, 1])
loss = gluon.loss.SoftmaxCrossEntropyLoss()
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.5})
for _ in range(2):
    with autograd.record():
        l = loss(net(X), y)
    l.backward()
    trainer.step(4)
    print(l.mean().asscalar())
print(net[1].weight.data(), net(X).argmax(axis=1))
