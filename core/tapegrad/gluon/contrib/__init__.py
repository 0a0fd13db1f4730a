"""What MXNet kept in `mxnet.gluon.contrib`: of it the layers."""

from . import nn

__all__ = ["nn"]
