"""Does a map depend on what the network has learned, and on the class? (Adebayo 2018, arXiv:1810.03292)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.errors import LayerError
from core.explain.network.hooks import ForwardHook, capture
from core.explain.network.layers import spatial_layers, stages
from core.explain.network.twin import twin
from core.explain.trust.agreement import rank_correlation, similarity


@dataclass(frozen=True, slots=True, eq=False)
class Randomised:
    """Maps (N, h, w) of a network whose weights are random from the head down to ``layer``.

    ``rank_correlation`` and ``similarity`` (N,) compare the magnitudes of the maps with those of the trained
    network. A map that stays similar does not show what the network has learned.
    """

    layer: str
    maps: Tensor
    rank_correlation: Tensor
    similarity: Tensor


def randomised(
    model: nn.Module, batch: Tensor, maps_of: Callable[[nn.Module], Tensor], *, seed: int = 0
) -> Iterator[Randomised]:
    """The maps after the weights of each stage, from the head down, have been randomised too (section 3.1).

    Weights become independent normal draws with mean 0 and the tensor's own root mean square; biases and
    scales, which are vectors, draws with their own mean and standard deviation. So what was learned is gone,
    and signals keep their size: with draws of a fixed size, ReLU6 would saturate and gradients would vanish
    for a reason of their own. The statistics of randomised batch norms are those of ``batch``: the trained
    ones describe activations that no longer occur.

    All this happens on a private copy; ``model`` stays as it was. The same seed gives the same numbers.

    Args:
        model: any network that gives logits (N, C).
        batch: the photos that are explained (N, channels, H, W).
        maps_of: the maps (N, h, w) of a network for these photos, always for the same classes. Their
            magnitudes are compared; if the display drops negative values, drop them here.
        seed: of the random weights.
    """
    trained = maps_of(model).detach().abs()
    copy = twin(model)
    generator = torch.Generator().manual_seed(seed)
    norms: list[nn.Module] = []
    for layer, modules in _from_the_head(copy, batch):
        for module in modules:
            _randomise(module, generator)
        norms += [module for module in modules if _has_statistics(module)]
        _renew_statistics(copy, batch, norms)
        maps = maps_of(copy).detach()
        sizes = maps.abs()
        yield Randomised(layer, maps, rank_correlation(trained, sizes), similarity(trained, sizes))


def class_sensitivity(maps: Tensor) -> Tensor:
    """Rank correlation (C - 1,) of the first class's map with that of each other class, for maps (C, h, w).

    Near 1: the map shows much the same whatever is asked, as the outline of an object.
    """
    others = maps[1:]
    return rank_correlation(maps[:1].expand_as(others), others)


def _from_the_head(model: nn.Module, batch: Tensor) -> list[tuple[str, list[nn.Module]]]:
    """The modules with weights of their own, by stage, last first; a stage is named after its last layer.

    The first group, after the last stage, is named after its last module with weights.
    """
    ends = _ends(model, batch)
    finished = _finished(model, batch)
    groups: list[dict[str, nn.Module]] = [{} for _ in range(len(ends) + 1)]
    for name, module in model.named_modules():
        if any(True for _ in module.parameters(recurse=False)):
            groups[_place(name, ends, finished)][name] = module
    last = max(groups[-1], key=lambda name: finished.get(name, 0), default="")
    named = zip([*ends, last], groups, strict=True)
    return [(name, list(group.values())) for name, group in reversed(list(named)) if group]


def _ends(model: nn.Module, batch: Tensor) -> list[str]:
    try:
        return [layer.name for layer in stages(spatial_layers(model, batch[:1]))]
    except LayerError:  # No layer has rows and columns: all weights are randomised at once.
        return []


def _finished(model: nn.Module, batch: Tensor) -> dict[str, int]:
    """When each module finishes its last run: 0 for the first."""
    order: dict[str, None] = {}

    def hook_of(name: str) -> ForwardHook:
        def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], _output: object) -> None:
            order.pop(name, None)
            order[name] = None

        return hook

    with capture(model, {module: hook_of(name) for name, module in model.named_modules()}), torch.no_grad():
        model(batch[:1].clone())
    return {name: place for place, name in enumerate(order)}


def _place(name: str, ends: Sequence[str], finished: dict[str, int]) -> int:
    """The number of the stage that a module's own weights belong to; the number of stages for the head."""
    # Weights of a module around stages act before them, as position embeddings do.
    if any(end.startswith(f"{name}.") or not name for end in ends):
        return 0
    while name not in finished:  # It is used without being called, as in `nn.MultiheadAttention`.
        name = name.rpartition(".")[0]
    return sum(finished[end] < finished[name] for end in ends)


def _randomise(module: nn.Module, generator: torch.Generator) -> None:
    for name, parameter in module._parameters.items():
        if parameter is not None:
            drawn = _drawn(parameter.detach(), generator)
            module._parameters[name] = nn.Parameter(drawn, requires_grad=False)


def _drawn(weights: Tensor, generator: torch.Generator) -> Tensor:
    values = weights.double()
    normal = torch.randn(weights.shape, generator=generator, dtype=torch.float64).to(values)
    if weights.ndim > 1:
        return (normal * values.square().mean().sqrt()).to(weights)
    return (values.mean() + normal * values.std(correction=0)).to(weights)


def _has_statistics(module: nn.Module) -> bool:
    return getattr(module, "running_mean", None) is not None


def _renew_statistics(model: nn.Module, batch: Tensor, norms: Sequence[nn.Module]) -> None:
    """Give batch norms the mean and variance of their inputs for this batch, from the first to the last."""

    def hook(module: nn.Module, inputs: tuple[Tensor, ...], _output: object) -> object:
        channels = inputs[0].transpose(0, 1).flatten(1)
        if channels.shape[1] == 1:  # A vector of one image has no variance.
            return None
        module.running_mean = channels.mean(1)
        module.running_var = channels.var(1, correction=0)
        return module.forward(*inputs)

    if norms:
        with capture(model, dict.fromkeys(norms, hook)), torch.no_grad():
            model(batch.clone())
