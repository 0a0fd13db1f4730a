"""Regression, perceptrons and a convolutional network on mx.np, from scratch and with layers."""

import random

import mxnet as mx
import numpy as onp
from mxnet import autograd, gluon, init, np, npx
from mxnet.gluon import nn


class metric:
    class Accuracy:
        n = 0
        c = 0

        def update(self, y, o):
            self.n += len(y[0])
            self.c += float((o[0].argmax(axis=1).astype("int64") == y[0]).sum())

        def get(self):
            return self.c / self.n


npx.set_np()
mx.random.seed(0)
onp.random.seed(0)
random.seed(0)


def synthetic_data(w, b, n):
    X = np.random.normal(0, 1, (n, len(w)))
    y = np.dot(X, w) + b
    y += np.random.normal(0, 0.01, y.shape)
    return (X, y.reshape((-1, 1)))


true_w = np.array([2, -3.4])
true_b = 4.2
features, labels = synthetic_data(true_w, true_b, 200)
print("features:", features[0], "\nlabel:", labels[0])


def data_iter(batch_size, features, labels):
    n = len(features)
    idx = list(range(n))
    random.shuffle(idx)
    for i in range(0, n, batch_size):
        b = np.array(idx[i : min(i + batch_size, n)])
        yield (features[b], labels[b])


w = np.random.normal(0, 0.01, (2, 1))
b = np.zeros(1)
w.attach_grad()
b.attach_grad()
linreg = lambda X, w, b: np.dot(X, w) + b
squared = lambda y_hat, y: (y_hat - y.reshape(y_hat.shape)) ** 2 / 2
for epoch in range(3):
    for X, y in data_iter(20, features, labels):
        with autograd.record():
            l = squared(linreg(X, w, b), y)
        l.backward()
        for p in (w, b):
            p[:] = p - 0.1 * p.grad / 20
    train_l = squared(linreg(features, w, b), labels)
    print(f"epoch {epoch + 1}, loss {float(train_l.mean()):f}")
print(f"error in estimating w: {true_w - w.reshape(true_w.shape)}", true_b - b)
ds = gluon.data.ArrayDataset(features, labels)
it = gluon.data.DataLoader(ds, 20, shuffle=False)
X0 = next(iter(it))
print(type(X0[0]).__name__, X0[0][:2], len(X0))
net = nn.Sequential()
net.add(nn.Dense(1))
net.initialize(init.Normal(sigma=0.01))
loss = gluon.loss.L2Loss()
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
for epoch in range(3):
    for X, y in it:
        with autograd.record():
            l = loss(net(X), y)
        l.backward()
        trainer.step(20)
    l = loss(net(features), labels)
    print(f"epoch {epoch + 1}, loss {l.mean().item():f}")
print(net[0].weight.data(), net[0].bias.data(), net[0].weight.grad(), repr(net[0].weight.data()))
X = np.random.normal(size=(64, 1, 8, 8))
y = np.random.randint(0, 10, (64,))


def softmax(X):
    e = np.exp(X)
    return e / e.sum(1, keepdims=True)


W = np.random.normal(0, 0.01, (64, 10))
bb = np.zeros(10)
W.attach_grad()
bb.attach_grad()
for _ in range(3):
    with autograd.record():
        p = softmax(np.dot(X.reshape((-1, 64)), W) + bb)
        l = -np.log(p[range(len(p)), y])
    l.backward()
    W[:] -= 0.5 * W.grad / 64
    bb[:] -= 0.5 * bb.grad / 64
    print(l.sum(), float((p.argmax(axis=1).astype(y.dtype) == y).sum()))
for net in (nn.HybridSequential(), nn.HybridSequential()):
    net.add(nn.Dense(32, activation="relu"), nn.Dropout(0.2), nn.Dense(10))
    net.initialize(init.Xavier())
    net.hybridize()
    tr = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    m = metric.Accuracy()
    for _ in range(3):
        with autograd.record():
            out = net(X)
            l = loss(out, y)
        l.backward()
        tr.step(64)
        m.update([y], [out.copy()])
        print(l.mean(), m.get())
net = nn.Sequential()
net.add(
    nn.Conv2D(channels=6, kernel_size=5, padding=2, activation="sigmoid"),
    nn.AvgPool2D(2, 2),
    nn.Conv2D(16, 3, activation="sigmoid"),
    nn.AvgPool2D(2, 2),
    nn.Dense(20, activation="sigmoid"),
    nn.Dense(10),
)
net.initialize(force_reinit=True, init=init.Xavier())
h = X
for layer in net:
    h = layer(h)
    print(layer.name, "output shape:\t", h.shape)
tr = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.9})
for _ in range(3):
    with autograd.record():
        l = loss(net(X), y)
    l.backward()
    tr.step(64)
    print(l.mean())
print(net.collect_params())
