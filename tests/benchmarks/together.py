"""What is gained by asking together: several scores of one photo, and several photos of one question.

``python tests/benchmarks/together.py [NETWORK …]``, from the project root: names of timm, ``lite0`` for the
built-in network. First the maps of the five likeliest classes at the last stages of a network, by a backward
pass for each class and by a vectorised one, in both layouts of memory, as multiples of a forward pass. Then
Grad-CAM and saliency for 16 photos, in passes of 1 to 16, as shares of the time one by one. All is processor
time, which other programs on the machine change little; contestants take turns, and medians count.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.checkpoints import (
    paths,
    store,  # Before torch: core says how OpenMP's threads wait.
)

# isort: split
import timm
import torch
from torch import Tensor, nn

from core.explain import class_activation_maps, default_layer, spatial_layers, stages, towards, trace
from core.explain.maps import gradients
from core.explanation import asking
from core.explanation.question import Question

_SCORES, _PHOTOS = 5, 16
_LAYOUTS = {"one channel after the other": torch.contiguous_format, "channels last": torch.channels_last}


def network(name: str) -> nn.Module:
    """The built-in network, or one of timm's with seeded random weights; frozen."""
    if name == "lite0":
        return store.load(store.find(paths.BUILT_IN)).model
    torch.manual_seed(0)
    return timm.create_model(name).eval().requires_grad_(requires_grad=False)


def scores_table(names: list[str], repeats: int) -> None:
    """Print what the maps of five scores cost, one by one and together."""
    print("| network | memory | stages from | one by one | together | chosen |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in names:
        model, batch = network(name), torch.randn(1, 3, 224, 224)
        last = stages(spatial_layers(model, batch))[-4:]
        for layout, memory in _LAYOUTS.items():
            model.to(memory_format=memory)
            for depth in range(len(last) - 1):
                layers = [layer.name for layer in last[depth:]]
                contestants = _of_scores(model, batch, layers)
                costs = _multiples(contestants, repeats)
                height, width = last[depth].size
                print(
                    f"| {name} | {layout} | {layers[0]}, {height} x {width} | {costs['one by one']:.2f} | "
                    f"{costs['together']:.2f} | {_chosen(model, batch, layers)} |",
                    flush=True,
                )


def _of_scores(model: nn.Module, batch: Tensor, layers: list[str]) -> Mapping[str, Callable[[], object]]:
    def asked(*, is_faster: bool) -> object:
        gradients._is_faster = lambda *_: is_faster
        traced = trace(model, batch, layers)
        return class_activation_maps(traced, _directions(traced.logits))

    return {
        "forward pass": lambda: _forward(model, batch),
        "one by one": lambda: asked(is_faster=False),
        "together": lambda: asked(is_faster=True),
    }


@torch.inference_mode()
def _forward(model: nn.Module, batch: Tensor) -> object:
    return model(batch)


def _directions(logits: Tensor) -> Tensor:
    best = logits.detach().topk(_SCORES).indices.T.tolist()
    return torch.stack([towards(logits.detach(), classes) for classes in best])


_IS_FASTER = gradients._is_faster


def _chosen(model: nn.Module, batch: Tensor, layers: list[str]) -> str:
    traced = trace(model, batch, layers)
    is_together = _IS_FASTER(list(traced.activations.values()), _directions(traced.logits))
    return "together" if is_together else "one by one"


def photos_table(repeats: int) -> None:
    """Print what a photo costs in passes of several photos, beside passes of one."""
    checkpoint = store.load_for_speed(store.find(paths.BUILT_IN))
    batch, layer = torch.randn(_PHOTOS, 3, 224, 224), default_layer(asking.layers_of(checkpoint))
    sizes = (1, 2, 4, 8, 16)
    print("\n| method |" + "".join(f" {size} at once |" for size in sizes))
    print("| --- |" + " --- |" * len(sizes))
    for method in ("grad_cam", "saliency"):
        question = Question(method, (layer,))

        def explained(size: int, question: Question = question) -> object:
            asking._IMAGES_AT_ONCE["cpu"] = size
            return asking.explain(checkpoint, batch, question)

        costs = _multiples({f"{size}": lambda size=size: explained(size) for size in sizes}, repeats)
        print(f"| {method} | 1.00 |" + "".join(f" {cost:.2f} |" for cost in costs.values()), flush=True)


def _multiples(contestants: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The processor time of all but the first, as multiples of the first's in the same turn."""
    names = list(contestants)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repeats + 1):  # The first turn warms up.
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            started = time.process_time()
            contestants[name]()
            taken[name].append(time.process_time() - started)
    first = taken[names[0]][1:]
    return {
        name: statistics.median(value / unit for value, unit in zip(taken[name][1:], first, strict=True))
        for name in names[1:]
    }


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=["lite0", "resnet18"])
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    scores_table(options.networks, options.repeats)
    photos_table(options.repeats)


if __name__ == "__main__":
    main()
