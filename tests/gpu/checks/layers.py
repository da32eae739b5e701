"""What the page Inside needs of a layer, on the device against the CPU."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.explain.network.activations import activations, class_contributions
from core.explain.network.channel_source import channel_source
from core.explain.network.layers import Layer, spatial_layers, stages
from core.explain.network.receptive_field import receptive_field
from core.explain.network.tracing import towards, trace
from tests.gpu import networks
from tests.gpu.bench import Bench
from tests.gpu.checks.maps import DOUBLE, apart
from tests.gpu.photos import photo
from tests.gpu.table import Row


def rows(bench: Bench) -> Iterator[Row]:
    """Layers, activations, contributions and receptive fields, in double precision."""
    folder = networks.shipped(bench.size("signs-bn", "pets-cat-dog-scratch"))
    here = store.load(folder, dtype=torch.float64)
    there = networks.loaded(folder, bench.device, torch.float64)
    found = [_layers(each) for each in (here, there)]
    yield Row("layers of the network", f"{len(found[1])}", "those of the CPU", ok=found[0] == found[1])
    for layer in stages(found[0])[-2:]:
        numbers, expected = (_numbers(each, layer.name) for each in (there, here))
        for name, values in numbers.items():
            worst = apart(values.numpy(), expected[name].numpy())
            yield Row(f"{name} of {layer.name}", f"{worst:.1e}", f"{DOUBLE:.0e}", ok=worst <= DOUBLE)
        yield _fields(here, there, layer.name)
        ours, theirs = (
            channel_source(each.model, layer.name, each.blank_input()).name for each in (there, here)
        )
        yield Row(f"convolution behind {layer.name}", ours, theirs, ok=ours == theirs)


def _fields(here: Checkpoint, there: Checkpoint, layer: str) -> Row:
    theirs, ours = (receptive_field(each.model, layer, each.blank_input()) for each in (here, there))
    same = np.array_equal(ours.rows, theirs.rows) and np.array_equal(ours.columns, theirs.columns)
    size, expected = (f"{each.size[0]} x {each.size[1]} pixels" for each in (ours, theirs))
    return Row(f"receptive fields of {layer}", size, expected, ok=same)


def _layers(checkpoint: Checkpoint) -> list[Layer]:
    return spatial_layers(checkpoint.model, checkpoint.blank_input())


def _numbers(checkpoint: Checkpoint, layer: str) -> dict[str, Tensor]:
    batch = checkpoint.card.preprocess.batch([photo(number, (90, 70)) for number in range(2)])
    batch = batch.to(checkpoint.blank_input())
    traced = trace(checkpoint.model, batch, [layer])
    parts = class_contributions(traced, towards(traced.logits, 1, 0), layer)
    given = activations(checkpoint.model, batch, [layer])[layer]
    return {"logits": traced.logits.detach().cpu(), "activations": given.cpu(), "contributions": parts.cpu()}
