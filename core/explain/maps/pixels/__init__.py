"""Attributions of single pixels: one number per input pixel (N, H, W) for the score that a direction picks.

A method runs the network itself, once or many times for each score; a forward pass made before cannot replace
these.
"""

from core.explain.maps.pixels.covering import occlusion, rise
from core.explain.maps.pixels.deep_lift import deep_lift
from core.explain.maps.pixels.gradient import gradient_shap, integrated_gradients, saliency, smooth_grad
from core.explain.maps.pixels.guided import guided_grad_cam
from core.explain.maps.pixels.registry import PIXEL_METHODS, attribution, register_pixel_method
from core.explain.maps.pixels.superpixels import kernel_shap, lime
from core.explain.maps.question import OnProgress, PixelQuestion

__all__ = [
    "PIXEL_METHODS",
    "OnProgress",
    "PixelQuestion",
    "attribution",
    "deep_lift",
    "gradient_shap",
    "guided_grad_cam",
    "integrated_gradients",
    "kernel_shap",
    "lime",
    "occlusion",
    "register_pixel_method",
    "rise",
    "saliency",
    "smooth_grad",
]
