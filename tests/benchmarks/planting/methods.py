"""Every method that gives a map of a class, ours and the peers', each as its own package shows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytorch_grad_cam
import torch
import torchcam.methods
from captum import attr
from captum.attr import visualization
from numpy.typing import NDArray
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torch.nn import functional as F

from core.explain import CAM_METHODS, PIXEL_METHODS, PixelQuestion, attribution, class_activation_map, heatmap
from core.explain.maps.pixels.superpixels import superpixels
from core.explain.maps.regions import REGION_METHODS
from core.explain.network.tracing import towards, trace

OF_TRANSFORMERS = {"attention_rollout", "le_grad"}
# Each takes over a second of a photo: hundreds of passes, or tens with gradients.
_SLOW = ("integrated", "smooth", "noise", "shap", "lime", "rise", "score", "occlusion", "ablation")
_NOISE = 0.15  # Of the input's range, as Smilkov 2017 advises.
_AT_ONCE = {"perturbations_per_eval": 16}
_OUTLIERS = 2  # Percent, as in captum's `visualize_image_attr`.


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One preprocessed scene (1, channels, H, W), its class, and the layer for methods that need one."""

    model: nn.Module
    batch: Tensor
    class_idx: int
    layer: str

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the scene."""
        return self.batch.shape[2], self.batch.shape[3]

    @property
    def module(self) -> nn.Module:
        """The layer itself."""
        return self.model.get_submodule(self.layer)

    def asking(self) -> Tensor:
        """The batch, for peers that fail on frozen networks unless the input asks for a gradient."""
        return self.batch.detach().clone().requires_grad_()


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A map as its package gives it (h, w), whose order counts, and as it is shown (H, W), from 0 up."""

    raw: Tensor
    shown: NDArray[np.float32]


Contestant = Callable[[Asked], Answer]


def contestants(*, slow: bool) -> dict[str, Contestant]:
    """All methods by name; ``slow`` includes those that take over a second of a photo."""
    every = {**_ours(), **_torchcam(), **_pytorch_grad_cam(), **_captum()}
    return {name: each for name, each in every.items() if slow or not is_slow(name)}


def is_slow(name: str) -> bool:
    """Whether the method needs hundreds of passes, or tens with gradients."""
    return any(word in name.lower() for word in _SLOW)


def shown(maps: Tensor, size: tuple[int, int]) -> NDArray[np.float32]:
    """The positive part of a map (h, w), bilinear to ``size``."""
    return F.interpolate(maps.relu()[None, None].float(), size, mode="bilinear")[0, 0].numpy()


def _ours() -> dict[str, Contestant]:
    def of_cam(name: str, asked: Asked) -> Tensor:
        return class_activation_map(
            asked.model,
            asked.batch,
            target_layer=asked.layer,
            class_idx=asked.class_idx,
            method=CAM_METHODS[name],
        )

    def of_pixels(name: str, asked: Asked) -> Tensor:
        return attribution(
            asked.model,
            asked.batch,
            class_idx=asked.class_idx,
            method=PIXEL_METHODS[name],
            target_layer=asked.layer,
        )

    def of_regions(name: str, asked: Asked) -> Tensor:
        logits = trace(asked.model, asked.batch, []).logits.detach()
        direction = towards(logits, asked.class_idx)
        return REGION_METHODS[name](PixelQuestion(asked.model, asked.batch, direction, asked.layer))

    def answered(maps_of: Callable[[str, Asked], Tensor], name: str, asked: Asked) -> Answer:
        maps = maps_of(name, asked)
        return Answer(maps[0], heatmap(maps, asked.size)[0].numpy())

    offered: dict[Callable[[str, Asked], Tensor], Mapping[str, object]]
    offered = {of_cam: CAM_METHODS, of_pixels: PIXEL_METHODS, of_regions: REGION_METHODS}
    return {
        name: partial(answered, maps_of, name)
        for maps_of, names in offered.items()
        for name in names
        if name not in OF_TRANSFORMERS
    }


def _torchcam() -> dict[str, Contestant]:
    """Normalised, as is its default."""

    def answered(method: Any, asked: Asked) -> Answer:  # noqa: ANN401
        with method(asked.model, asked.layer) as extractor:
            scores = asked.model(asked.asking())
            maps = extractor(asked.class_idx, scores)[0][0].detach()
        return Answer(maps, shown(maps, asked.size))

    # CAM asks for its head by name; ISCAM and SSCAM are Score-CAM, tens of times over.
    names = ("GradCAM", "GradCAMpp", "SmoothGradCAMpp", "XGradCAM", "LayerCAM", "FinerCAM", "ScoreCAM")
    return {f"torchcam {name}": partial(answered, getattr(torchcam.methods, name)) for name in names}


def _pytorch_grad_cam() -> dict[str, Contestant]:
    """At the input's size and from 0 to 1: it gives nothing else."""

    def answered(method: Any, asked: Asked) -> Answer:  # noqa: ANN401
        with method(asked.model, [asked.module]) as extractor:
            target = ClassifierOutputTarget(asked.class_idx)
            maps = torch.from_numpy(extractor(asked.asking(), [target])[0].copy())
        return Answer(maps, maps.numpy())

    # ShapleyCAM needs a second derivative, which the last layer of these networks lacks.
    names = (
        "GradCAM", "GradCAMPlusPlus", "HiResCAM", "GradCAMElementWise", "XGradCAM", "LayerCAM", "EigenCAM",
        "EigenGradCAM", "KPCA_CAM", "FinerCAM", "AblationCAM", "ScoreCAM",
    )  # fmt: skip
    return {f"pytorch-grad-cam {name}": partial(answered, getattr(pytorch_grad_cam, name)) for name in names}


def _captum() -> dict[str, Contestant]:
    """Positive values without outliers, as its visualisation shows them; layers bilinear."""

    def answered(maps_of: Callable[[Asked], Tensor], asked: Asked) -> Answer:
        maps = maps_of(asked)
        return Answer(maps[0].sum(0), _as_captum_shows(maps, asked.size))

    maps_of: dict[str, Callable[[Asked], Tensor]] = {
        "LayerGradCam": partial(_of_layer, attr.LayerGradCam),
        "LayerGradientXActivation": partial(_of_layer, attr.LayerGradientXActivation),
        "Saliency": lambda asked: _of_input(attr.Saliency(asked.model), asked),
        "InputXGradient": lambda asked: _of_input(attr.InputXGradient(asked.model), asked),
        "GuidedGradCam": lambda asked: _of_input(attr.GuidedGradCam(asked.model, asked.module), asked),
        "NoiseTunnel of Saliency": _smooth,
        "IntegratedGradients": _integrated,
        "GradientShap": _against_noise,
        "Occlusion": _occluded,
        "Lime": partial(_of_superpixels, attr.Lime),
        "KernelShap": partial(_of_superpixels, attr.KernelShap),
    }
    return {f"captum {name}": partial(answered, each) for name, each in maps_of.items()}


def _of_layer(method: Any, asked: Asked) -> Tensor:  # noqa: ANN401
    maps: Tensor = method(asked.model, asked.module).attribute(asked.asking(), asked.class_idx)
    return maps.detach().sum(1, keepdim=True)


def _of_input(method: Any, asked: Asked, **options: object) -> Tensor:  # noqa: ANN401
    torch.manual_seed(0)
    maps: Tensor = method.attribute(asked.asking(), target=asked.class_idx, **options)
    return maps.detach()


def _smooth(asked: Asked) -> Tensor:
    deviation = _NOISE * float(asked.batch.max() - asked.batch.min())
    tunnel = attr.NoiseTunnel(attr.Saliency(asked.model))
    return _of_input(tunnel, asked, nt_samples=32, nt_samples_batch_size=8, stdevs=deviation)


def _integrated(asked: Asked) -> Tensor:
    return _of_input(attr.IntegratedGradients(asked.model), asked, n_steps=50, internal_batch_size=10)


def _against_noise(asked: Asked) -> Tensor:
    baselines = torch.randn(32, *asked.batch.shape[1:], generator=torch.Generator().manual_seed(0))
    return _of_input(attr.GradientShap(asked.model), asked, baselines=baselines, n_samples=32)


def _occluded(asked: Asked) -> Tensor:
    """With the windows of our own occlusion: captum leaves them to the caller."""
    side, channels = asked.size[0] // 7, asked.batch.shape[1]
    windows = {"sliding_window_shapes": (channels, side, side), "strides": (channels, side // 2, side // 2)}
    return _of_input(attr.Occlusion(asked.model), asked, **windows, **_AT_ONCE)


def _of_superpixels(method: Any, asked: Asked) -> Tensor:  # noqa: ANN401
    """With our superpixels and number of samples: captum leaves them to the caller."""
    regions = superpixels(asked.batch[0])[None, None]
    return _of_input(method(asked.model), asked, feature_mask=regions, n_samples=512, **_AT_ONCE)


def _as_captum_shows(maps: Tensor, size: tuple[int, int]) -> NDArray[np.float32]:
    drawn = attr.LayerAttribution.interpolate(maps, size, interpolate_mode="bilinear")
    values = drawn[0].sum(0).numpy()
    if not (values > 0).any():
        return np.zeros(size, np.float32)
    return np.asarray(visualization._normalize_attr(values, "positive", _OUTLIERS), np.float32)
