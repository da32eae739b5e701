"""The region methods by name, and the layer that most of them need."""

from torch import Tensor

from core.errors import LayerError
from core.explain.maps.cam import wide
from core.explain.maps.question import Method, PixelQuestion, with_gradients
from core.explain.network.tracing import trace

REGION_METHODS: dict[str, Method] = {}


def register_region_method(method: Method) -> Method:
    """Offer a method under its own name, here and on the pages; for use as a decorator.

    The method takes a `PixelQuestion` and gives maps (N, h, w), signed and unscaled.

    Raises:
        ValueError: there is a method of this name.
    """
    name = method.__name__
    if name in REGION_METHODS:
        raise ValueError(f"a region method named {name!r} is registered already")
    REGION_METHODS[name] = with_gradients(method)
    return method


def activations_of(question: PixelQuestion, method: str) -> Tensor:
    """The activations (N, K, h, w) of the question's layer.

    Raises:
        LayerError: the question names no layer; the message says which method needs one.
    """
    layer = question.target_layer
    if not layer:
        raise LayerError(f"{method} needs a target layer, such as that of default_layer")
    traced = question.traced or trace(question.model, question.batch, [layer])
    return wide(traced.activations[layer].detach())
