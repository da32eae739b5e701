"""Maps on the device against maps on the CPU, for every method.

The CPU's own maps in double precision say what is right. Where the CPU's single precision is further than
`_SOUND` from them, the method divides by sums near zero, or a value lies on the kink of a ReLU: there, no two
devices agree in single precision, and only double precision is compared. So it is with Eigen-CAM where the
first two singular values nearly coincide, or the map's sum, which decides its sign, is nearly 0.

Random numbers come from seeded generators on the CPU: a method that samples draws the same on every device.
In single precision a value of one of its many noisy images can lie on the kink of a ReLU or a maximum, and
changes the map by its small share: `_KINKS` is the limit there. Slow methods are asked about fewer photos,
scores and networks.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from core.arrays import FloatArray
from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.errors import LayerError
from core.explain.maps.pixels import PIXEL_METHODS, covering, superpixels
from core.explain.network.layers import stages
from core.explanation.asking import explain, layers_of
from core.explanation.question import METHODS, Question, Score
from tests.gpu import networks
from tests.gpu.bench import Bench
from tests.gpu.photos import photo
from tests.gpu.table import Row

SINGLE, DOUBLE = 1e-3, 1e-6  # The largest difference of two maps, relative to the larger map's maximum.
RANKS = 0.9  # The median rank correlation of bfloat16's maps with the CPU's in single precision.
_SOUND = 1e-4
_KINKS = 1e-2
_NOISY = ("smooth_grad", "gradient_shap", "integrated_gradients")  # Averages of gradients at 20 to 50 images.
_SCORES = (Score(0), Score(1, against=0))
_SLOW = ("score_cam", "ablation_cam", "occlusion", "rise", "lime", "kernel_shap")  # Hundreds of passes.


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """The maps of one image, score and layer: on the CPU and on the device, by precision."""

    network: str
    cpu_double: FloatArray
    cpu: FloatArray
    double: FloatArray
    single: FloatArray
    brain: FloatArray  # bfloat16.


def rows(bench: Bench) -> Iterator[Row]:
    """Three rows for each method."""
    names = bench.size(["digits", "signs-bn"], ["digits", "signs-bn", "malaria", "pets-cat-dog-scratch"])
    architectures = bench.size(
        ["test_vit"], ["test_vit", "test_convnext", "test_efficientnet", "test_resnet"]
    )
    trained = [Versions(bench, networks.shipped(name)) for name in names]
    drawn = [Versions(bench, networks.random(name, f"timm:{name}")) for name in architectures]
    with _fewer_samples(bench):
        for method in METHODS:
            num_trained, num_drawn = _num_networks(bench, method)
            cases = [case for each in trained[:num_trained] for case in each.cases(method)]
            others = [case for each in drawn[:num_drawn] for case in each.cases(method)]
            yield from judged(method, [*cases, *others])
            # None of the trained networks has attention.
            yield ranked(method, cases, "trained") if cases else ranked(method, others, "random")


def _num_networks(bench: Bench, method: str) -> tuple[int | None, int | None]:
    """How many trained and random networks a method is asked about (None: all)."""
    if bench.is_small and method in {*PIXEL_METHODS, *_SLOW}:  # They take seconds on a CPU.
        return 1, 0
    return (2, 1) if method in _SLOW else (None, None)


def _fewer_samples(bench: Bench) -> ExitStack:
    """In a small run, methods that sample take an eighth and a fourth of their samples."""
    stack = ExitStack()
    if bench.is_small:
        stack.enter_context(mock.patch.object(covering, "_MASKS", 125))
        stack.enter_context(mock.patch.object(superpixels, "_COALITIONS", 128))
    return stack


class Versions:
    """A network on the CPU and on the device, in each precision, and photos for it."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.name = folder.name
        self.on_cpu = [store.load(folder, dtype=dtype) for dtype in (torch.float64, torch.float32)]
        self.on_device = [
            networks.loaded(folder, bench.device, dtype)
            for dtype in (torch.float64, torch.float32, torch.bfloat16)
        ]
        preprocess = self.on_cpu[1].card.preprocess
        self.batch = preprocess.batch([photo(number, (200, 160)) for number in range(bench.size(1, 3))])
        found = [layer.name for layer in stages(layers_of(self.on_cpu[1]))]
        self.layers = (found[-1], found[len(found) // 2]) if len(found) > 1 else (found[-1],)

    def cases(self, method: str) -> Iterator[Case]:
        """A case for each image, score and layer; fewer layers where the method does not fit them.

        Of a slow method: for the first of each.
        """
        is_slow = method in _SLOW
        batch, scores = (self.batch[:1], _SCORES[:1]) if is_slow else (self.batch, _SCORES)
        for layers in (self.layers[:1],) if is_slow else (self.layers, self.layers[:1]):
            question = Question(method, layers, scores)
            try:
                maps = [_maps(each, batch, question) for each in (*self.on_cpu, *self.on_device)]
            except LayerError:
                continue
            yield from (Case(self.name, *each) for each in zip(*maps, strict=True))
            return


def _maps(checkpoint: Checkpoint, batch: Tensor, question: Question) -> list[FloatArray]:
    explained = explain(checkpoint, batch, question)
    return [map_.raw for each in explained for answer in each for map_ in answer.maps.values()]


def judged(method: str, cases: Sequence[Case]) -> Iterator[Row]:
    """The largest differences from the CPU in single and in double precision."""
    sound = [case for case in cases if apart(case.cpu, case.cpu_double) <= _SOUND]
    of = f"{len(sound)} of {len(cases)} maps"
    yield _limited(
        f"{method}, float32, {of}",
        ((each.network, each.single, each.cpu) for each in sound),
        _KINKS if method in _NOISY else SINGLE,
    )
    yield _limited(
        f"{method}, float64, {len(cases)} maps",
        ((each.network, each.double, each.cpu_double) for each in cases),
        DOUBLE,
    )


def _limited(what: str, pairs: Iterable[tuple[str, FloatArray, FloatArray]], limit: float) -> Row:
    differences = [(apart(ours, theirs), network) for network, ours, theirs in pairs]
    worst, network = max(differences, default=(np.inf, "no network"))
    return Row(what, f"{worst:.1e} ({network})", f"{limit:.0e} of the maximum", ok=worst <= limit)


def ranked(method: str, cases: Sequence[Case], weights: str) -> Row:
    """The rank correlation of bfloat16's maps; maps that are constant have none."""
    ranks = [agreement(case.brain, case.cpu) for case in cases if np.ptp(case.cpu) and np.ptp(case.brain)]
    median, least = (float(np.median(ranks)), min(ranks)) if ranks else (0.0, 0.0)
    return Row(
        f"{method}, bfloat16, {len(ranks)} maps of {weights} networks",
        f"rank correlation {median:.3f}, least {least:.3f}",
        f"median {RANKS}",
        ok=median >= RANKS,
    )


def apart(ours: FloatArray, theirs: FloatArray) -> float:
    """The largest difference of two maps, relative to the largest magnitude; not finite is infinitely far."""
    difference = np.abs(ours.astype(np.float64) - theirs).max()
    largest = max(np.abs(ours).max(), np.abs(theirs).max())
    relative = float(difference / largest) if largest else 0.0
    return relative if np.isfinite(relative) else np.inf


def agreement(ours: FloatArray, theirs: FloatArray) -> float:
    """Spearman's rank correlation of the values of two maps."""
    return float(stats.spearmanr(ours.ravel(), theirs.ravel()).statistic)
