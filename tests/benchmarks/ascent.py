"""What ascent costs and reaches: ``python tests/benchmarks/ascent.py PART``, from the project root.

``speed``: 40 channels of EfficientNet-Lite0's ``blocks.2``, against the straightforward loop, which runs the
whole network as it was loaded and calls ``.backward()``. Contestants take turns channel by channel; a ratio
is the median over channels. Exit status 1 if in float64 the loop and ours differ by more than 1e-3 in any
pixel of a picture. In float32 another order of sums rounds otherwise, some values fall on the other side of
a ReLU's bend, and from there pictures part: the table says how far.

``lucent``: the same number of robust steps, at the same layer and size, where torch-lucent can be imported.

``strength PHOTOS``: how many live channels reach more than in any photo of a folder, by the same measure.

``device``: 512 channels side by side, 30 plain steps, in seconds; for a GPU.
"""

import argparse
import copy
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from core import images  # Before torch: core says how OpenMP's threads wait.
from core.checkpoints import (
    paths,
    store,  # Before torch: core says how OpenMP's threads wait.
)

# isort: split
import numpy as np
import torch
from explain import machine
from torch import Tensor, nn

from core.device import keep_freed_memory, usable_device
from core.explain.ascent import Ascended, ascend, mean_activation
from core.explain.ascent.normalisation import Normalisation
from core.explain.ascent.plain import Plain
from core.explain.ascent.robust import Robust
from core.explain.network.activations import observe
from core.models import registry

NORMALISATION = Normalisation((0.5,) * 3, (0.5,) * 3)
TOLERANCE = 1e-3  # Of pixels from 0 to 1.
LAYER = "blocks.2"
_IN_FLOAT64 = (0, 13, 26)


def main() -> int:
    """Print the machine, then one table."""
    options = _options()
    keep_freed_memory()
    print(machine())
    return int(options.run(options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = parser.add_subparsers(required=True, metavar="PART")
    for name, run in (("speed", speed), ("lucent", lucent), ("strength", strength), ("device", device)):
        part = parts.add_parser(name)
        part.set_defaults(run=run)
        if name == "strength":
            part.add_argument("photos", type=Path)
            part.add_argument("--layer", default=LAYER)
        if name == "device":
            part.add_argument("--device", help="cpu, cuda, … (default: the fastest that is there)")
        part.add_argument("--channels", type=int, default=512 if name == "device" else 40)
        part.add_argument("--steps", type=int, default=30)
    return parser.parse_args()


def speed(options: argparse.Namespace) -> int:
    """The loop, the same with nothing to learn, and ours as the commands load the network."""
    folder = store.find(paths.BUILT_IN)
    as_loaded, for_speed = store.load(folder).model, store.load_for_speed(folder).model
    trainable = copy.deepcopy(as_loaded).requires_grad_()
    settings = Plain(steps=options.steps)
    contestants: dict[str, Callable[[int], np.ndarray]] = {
        "loop": partial(straightforward, trainable, settings),
        "loop, frozen network": partial(straightforward, as_loaded, settings),
        "ours": _ours(for_speed, settings, options.channels),
    }
    seconds, pictures = _in_turns(contestants, range(options.channels))
    print("| | seconds | times as fast | median, largest difference |\n| --- | --- | --- | --- |")
    for name, times in seconds.items():
        ratio = statistics.median(loop / other for loop, other in zip(seconds["loop"], times, strict=True))
        apart = _apart(pictures["loop"], pictures[name])
        print(f"| {name} | {sum(times):.1f} | {ratio:.2f} | {np.median(apart):.1e}, {apart.max():.1e} |")
    loop = [straightforward(copy.deepcopy(as_loaded).double(), settings, each) for each in _IN_FLOAT64]
    found = ascend(copy.deepcopy(for_speed).double(), LAYER, _IN_FLOAT64, settings, NORMALISATION)
    largest = float(_apart(loop, [each.picture for each in found]).max())
    print(f"\nIn float64, channels {_IN_FLOAT64}, ours beside the loop: {largest:.1e}")
    return int(largest > TOLERANCE)


def straightforward(model: nn.Module, settings: Plain, channel: int) -> np.ndarray:
    """The picture (H, W, 3) of a channel, as one would write it after the book."""
    activations = {}
    hook = model.get_submodule(LAYER).register_forward_hook(
        lambda _module, _inputs, output: activations.update(output=output)
    )
    image = settings.start(channel, 0, 3).to(next(model.parameters()))[None]
    border = slice(settings.border, -settings.border)
    for _ in range(settings.steps):
        image = image.detach().requires_grad_()
        model(image)
        activations["output"][:, channel, border, border].mean().backward()
        image = image + settings.step_size * (image.grad / image.grad.norm())
    hook.remove()
    return settings.pictures(image.detach(), NORMALISATION)[0]


def _ours(model: nn.Module, settings: Plain | Robust, num_channels: int) -> Callable[[int], np.ndarray]:
    """Gives the next channel's picture at each call; channel 0 twice, as everyone warms up on it."""
    found = ascend(model, LAYER, [0, *range(num_channels)], settings, NORMALISATION)
    return lambda _channel: next(found).picture


def _in_turns(
    contestants: dict[str, Callable[[int], np.ndarray]], channels: Sequence[int]
) -> tuple[dict[str, list[float]], dict[str, list[np.ndarray]]]:
    """Seconds and pictures of each, a channel each; whoever began comes last for the next channel."""
    names = list(contestants)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    pictures: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for run in contestants.values():
        run(channels[0])
    for channel in channels:
        start = channel % len(names)
        for name in names[start:] + names[:start]:
            started = time.perf_counter()
            pictures[name].append(contestants[name](channel))
            seconds[name].append(time.perf_counter() - started)
    return seconds, pictures


def _apart(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> np.ndarray:
    """Differences of pixels from 0 to 1."""
    return np.abs(np.stack(first).astype(float) - np.stack(second)) / 255


def lucent(options: argparse.Namespace) -> int:
    """Ours and torch-lucent's own transformations and optimiser, at 224 x 224."""
    from lucent.optvis import param, render

    folder = store.find(paths.BUILT_IN)
    model, for_speed = store.load(folder).model.requires_grad_(), store.load_for_speed(folder).model

    def theirs(channel: int) -> np.ndarray:
        # A copy, as it never removes its hooks.
        return render.render_vis(
            copy.deepcopy(model),
            f"{LAYER.replace('.', '_')}:{channel}",
            lambda: param.image(224),
            thresholds=(options.steps,),
            progress=False,
            show_image=False,
        )[0][0]

    ours = _ours(for_speed, Robust(steps=options.steps), options.channels)
    seconds, _ = _in_turns({"lucent": theirs, "ours": ours}, range(options.channels))
    ratio = statistics.median(
        other / own for other, own in zip(seconds["lucent"], seconds["ours"], strict=True)
    )
    for name, times in seconds.items():
        print(f"{name}: {1000 * statistics.median(times) / options.steps:.1f} ms a step")
    print(f"ours is {ratio:.2f} times as fast")
    return 0


def strength(options: argparse.Namespace) -> int:
    """Live channels whose picture reaches more than any photo: as it was fed, and as pixels from 0 to 255."""
    loaded = store.load_for_speed(store.find(paths.BUILT_IN))
    model, preprocess = loaded.model, loaded.card.preprocess
    border = Plain().border
    photos = sorted(
        path for path in options.photos.rglob("*") if path.suffix.lower() in {".jpeg", ".jpg", ".png"}
    )
    best = torch.stack(
        [_means(model, preprocess.batch([images.read(path)]), options.layer, border)[0] for path in photos]
    ).amax(0)
    print(f"{options.layer}, {len(photos)} photos\n")
    print("| method | live channels | beat every photo | as pixels too | median ratio |")
    print("| --- | --- | --- | --- | --- |")
    for settings in (Plain(), Robust()):
        channels = range(min(options.channels, len(best)))
        found = list(ascend(model, options.layer, channels, settings, NORMALISATION))
        _print_strength(type(settings).__name__, found, best, partial(_shown, model, options.layer, border))
    return 0


def _print_strength(
    name: str, found: Sequence[Ascended], best: Tensor, shown: Callable[[Ascended], float]
) -> None:
    live = [each for each in found if not each.is_dead]
    as_fed = [each.activation > best[each.channel] for each in live]
    as_pixels = [shown(each) > best[each.channel] for each in live]
    ratio = statistics.median(each.activation / float(best[each.channel]) for each in live)
    shares = f"{np.mean(as_fed):.1%} | {np.mean(as_pixels):.1%}"
    print(f"| {name} | {len(live)} of {len(found)} | {shares} | {ratio:.2f} |")


def _means(model: nn.Module, batch: Tensor, layer: str, border: int) -> Tensor:
    return observe(model, batch, [layer], lambda maps: mean_activation(maps, border))[layer]


def _shown(model: nn.Module, layer: str, border: int, each: Ascended) -> float:
    """What the picture itself reaches, as a photo of its size would."""
    pixels = torch.from_numpy(each.picture).permute(2, 0, 1)[None].float() / 255
    return float(_means(model, NORMALISATION.inputs(pixels), layer, border)[0, each.channel])


def device(options: argparse.Namespace) -> int:
    """The last stage of a ResNet-18 with random weights has 512 channels."""
    name, _ = usable_device(options.device)
    torch.manual_seed(0)
    model = registry.build("torchvision:resnet18", 1000).requires_grad_(requires_grad=False).to(name)
    run = partial(ascend, model, "layer4", settings=replace(Plain(), steps=options.steps))
    list(run(channels=range(1), normalisation=NORMALISATION))
    started = time.perf_counter()
    found = list(run(channels=range(options.channels), normalisation=NORMALISATION))
    print(f"{len(found)} channels on {name}: {time.perf_counter() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
