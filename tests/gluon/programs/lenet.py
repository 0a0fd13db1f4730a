"""LeNet on drawn images, with a trainer, a loss, an accuracy and learning rates that fall."""

import mxnet as mx
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import loss as gloss
from mxnet.gluon import nn

mx.random.seed(1)
net = nn.Sequential()
net.add(
    nn.Conv2D(channels=3, kernel_size=5, activation="sigmoid"),
    nn.MaxPool2D(pool_size=2, strides=2),
    nn.Conv2D(channels=4, kernel_size=3, activation="relu"),
    nn.AvgPool2D(pool_size=2, strides=2),
    nn.Dense(10, activation="sigmoid"),
    nn.Dropout(0.3),
    nn.Dense(4),
)
net.initialize(init=init.Xavier(), ctx=mx.cpu())
X = nd.random.uniform(shape=(8, 1, 16, 16))
y = nd.floor(nd.random.uniform(0, 4, shape=8))
shape = X
for layer in net:
    shape = layer(shape)
    print(layer.name, "output shape:\t", shape.shape)
loss = gloss.SoftmaxCrossEntropyLoss()
schedule = mx.lr_scheduler.FactorScheduler(step=2, factor=0.5, base_lr=0.9)
trainer = gluon.Trainer(net.collect_params(), "sgd", {"momentum": 0.5, "wd": 1e-3, "lr_scheduler": schedule})
accuracy = mx.metric.Accuracy()
for epoch in range(4):
    with autograd.record():
        y_hat = net(X)
        l = loss(y_hat, y).sum()
    l.backward()
    trainer.step(8)
    accuracy.update([y], [y_hat])
    print("epoch %d, loss %.4f, lr %g" % (epoch + 1, l.asscalar() / 8, trainer.learning_rate))
print(accuracy.get(), net(X).argmax(axis=1))
print(net[0].weight.grad()[0, 0, 0], net[-1].bias.data())
