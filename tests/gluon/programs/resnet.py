"""Residual, dense and inception blocks with batch normalization, and what goes with them."""

import mxnet as mx
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import nn


class Residual(nn.HybridBlock):
    def __init__(self, channels, use_1x1conv=False, strides=1, **kwargs):
        super(Residual, self).__init__(**kwargs)
        self.conv1 = nn.Conv2D(channels, kernel_size=3, padding=1, strides=strides)
        self.conv2 = nn.Conv2D(channels, kernel_size=3, padding=1)
        self.conv3 = nn.Conv2D(channels, kernel_size=1, strides=strides) if use_1x1conv else None
        self.bn1 = nn.BatchNorm()
        self.bn2 = nn.BatchNorm()

    def hybrid_forward(self, F, X):
        Y = F.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        if self.conv3:
            X = self.conv3(X)
        return F.relu(Y + X)


class Dense(nn.Block):
    def __init__(self, count, channels, **kwargs):
        super().__init__(**kwargs)
        self.net = nn.Sequential()
        for _ in range(count):
            part = nn.Sequential()
            part.add(nn.BatchNorm(), nn.Activation("relu"), nn.Conv2D(channels, kernel_size=3, padding=1))
            self.net.add(part)

    def forward(self, X):
        for part in self.net:
            X = nd.concat(X, part(X), dim=1)
        return X


class Inception(nn.HybridBlock):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.p1 = nn.Conv2D(2, kernel_size=1, activation="relu")
        self.p2 = nn.Conv2D(2, kernel_size=3, padding=1, activation="relu")
        self.p3_1 = nn.MaxPool2D(pool_size=3, strides=1, padding=1)
        self.p3_2 = nn.Conv2D(1, kernel_size=1, activation="relu")

    def hybrid_forward(self, F, x):
        return F.concat(self.p1(x), self.p2(x), self.p3_2(self.p3_1(x)), dim=1)


mx.random.seed(3)
net = nn.Sequential()
net.add(
    nn.Conv2D(4, kernel_size=3, padding=1),
    nn.BatchNorm(momentum=0.5),
    nn.Activation("relu"),
    Residual(4),
    Residual(6, use_1x1conv=True, strides=2),
    Dense(2, 3),
    Inception(),
    nn.GlobalAvgPool2D(),
    nn.Dense(3),
)
net.initialize(init=init.MSRAPrelu())
print(net)
X = nd.random.normal(shape=(4, 2, 8, 8))
y = nd.array([0, 1, 2, 1])
loss = gluon.loss.SoftmaxCrossEntropyLoss()
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
for _ in range(3):
    with autograd.record():
        l = loss(net(X), y)
    l.backward()
    trainer.step(4)
    print(l)
print(net[1].running_mean.data(), net[1].running_var.data())
print(net(X))
print([(name, p.grad_req, p.shape) for name, p in net.collect_params(".*batchnorm0.*").items()])
net[3].collect_params().setattr("grad_req", "null")
with autograd.record():
    l = loss(net(X), y)
l.backward()
print(l.mean())
