"""The pixel methods by name, and the one call that asks one of them."""

from collections.abc import Sequence

from torch import Tensor, nn

from core.explain.maps.question import Method, PixelQuestion, with_gradients
from core.explain.network.tracing import towards, trace

PIXEL_METHODS: dict[str, Method] = {}


def register_pixel_method(method: Method) -> Method:
    """Offer a method under its own name, here and on the pages; for use as a decorator.

    The method takes a `PixelQuestion` and gives attributions (N, H, W).

    Raises:
        ValueError: there is a method of this name.
    """
    name = method.__name__
    if name in PIXEL_METHODS:
        raise ValueError(f"a pixel method named {name!r} is registered already")
    PIXEL_METHODS[name] = with_gradients(method)
    return method


def attribution(
    model: nn.Module,
    batch: Tensor,
    *,
    class_idx: int | Sequence[int],
    against: int | None = None,
    method: Method | None = None,
    target_layer: str = "",
) -> Tensor:
    """Attributions (N, H, W) of the input's pixels for the logit of a class: signed and unscaled.

    Runs the network once for the logits, and then as often as the method needs: once for `saliency`, five
    times ten images for `integrated_gradients` of one image, about 25 times eight for `occlusion`, once for
    `guided_grad_cam`; each method's docstring says how often. Model, modes, hooks and ``requires_grad`` are
    afterwards as they were; the caller's batch is not touched.

    Args:
        model: any network that gives logits (N, C).
        batch: preprocessed images (N, channels, H, W), on the model's device.
        class_idx: the class to explain, for all images or one for each.
        against: a class whose logit is subtracted: why the one and not the other.
        method: one of `PIXEL_METHODS`, such as `saliency` (the default) or `integrated_gradients`; or a
            function of your own (see `register_pixel_method`).
        target_layer: a layer by its name in ``named_modules()``; only `guided_grad_cam` needs one.

    Raises:
        LayerError: no such layer, the method needs one, or the network gives no logits or no gradients.
        ValueError: no such class.

    Example:
        >>> maps = attribution(model, batch, class_idx=281, method=integrated_gradients)
        >>> heatmap(maps, size=(224, 224))
    """
    method = PIXEL_METHODS["saliency"] if method is None else method
    traced = trace(model, batch, [target_layer] if target_layer else [])
    direction = towards(traced.logits.detach(), class_idx, against)
    return with_gradients(method)(PixelQuestion(model, batch, direction, target_layer, traced=traced))
