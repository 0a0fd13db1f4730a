"""The networks that are ready: their parameters, what small ones compute, and one whose output is learned anew."""

import mxnet as mx
from mxnet import autograd, gluon, init, nd
from mxnet.gluon.model_zoo import vision

mx.random.seed(5)
NAMES = "alexnet vgg11_bn resnet18_v1 resnet50_v2 squeezenet1.0 densenet121 inceptionv3 mobilenet0.25"
for name in [*NAMES.split(), "mobilenetv2_0.5"]:
    net = vision.get_model(name)
    own = net.collect_params()
    names = [key.replace(net.prefix, "") for key in list(own)]
    print(name, len(names), names[:2], names[len(names) // 2], names[-1])
    print(len(net.features), net.output, sum(sum(p.shape) for p in own.values()))
for net, size in (
    (vision.ResNetV1(vision.BottleneckV1, [1, 1], [4, 8, 16], classes=3, thumbnail=True), 8),
    (vision.ResNetV2(vision.BasicBlockV2, [1, 1], [4, 4, 8], classes=3), 32),
    (vision.DenseNet(4, 2, [2, 2], classes=3), 56),
    (vision.mobilenet_v2_0_25(classes=3), 32),
):
    net.initialize(init.Xavier())
    x = nd.random.uniform(shape=(1, 3, size, size))
    print(net(x), sum(p.data().sum().asscalar() for p in net.collect_params().values()))
before = vision.get_mobilenet(0.25, classes=4)
before.initialize(init.Xavier())
before(nd.ones((1, 3, 32, 32)))
net = vision.get_mobilenet(multiplier=0.25, classes=2, prefix="new_")
net.features = before.features
net.output.initialize(init.Xavier())
net.output.collect_params().setattr("lr_mult", 10)
print(list(net.output.collect_params().values()))
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.001, "wd": 0.001})
X, y = nd.random.uniform(shape=(4, 3, 64, 64)), nd.array([0, 1, 1, 0])
with autograd.record():
    l = gluon.loss.SoftmaxCrossEntropyLoss()(net(X), y)
l.backward()
trainer.step(4)
print(l, net.output.bias.data(), net.features[0].weight.data().norm())
