"""The command ``layers``: the layers that can be explained, or all of them."""

import argparse
from collections.abc import Iterator, Sequence

from core.checkpoints import store
from core.checkpoints.store import Checkpoint
from core.commands.options.photos import add_checkpoint
from core.explanation.asking import layers_of
from core.models.layer_table import LayerRow, LayerTable, layer_table
from core.training.network import freeze
from core.training.settings import recipe as recipes


def add_layers(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``layers``."""
    parser.set_defaults(run=_layers)
    add_checkpoint(parser)
    parser.add_argument(
        "--all",
        action="store_true",
        help="list every layer, also those without rows and columns, with what training changed; and totals",
    )


def _layers(options: argparse.Namespace) -> int:
    checkpoint = store.load(store.find(options.checkpoint))
    lines = table_lines(_as_trained(checkpoint)) if options.all else _explainable(checkpoint)
    for line in lines:
        print(line)
    return 0


def _explainable(checkpoint: Checkpoint) -> Iterator[str]:
    layers = layers_of(checkpoint)
    width = max(len(layer.name) for layer in layers)
    for layer in layers:
        module = checkpoint.model.get_submodule(layer.name)
        count = sum(each.numel() for each in module.parameters())
        remark = "  the logits do not depend on it" if layer.is_dead_end else ""
        yield f"{layer.name:{width}}  {layer.type:20}  {_sides(layer.shape):16}  {count:>11,}{remark}"


def _as_trained(checkpoint: Checkpoint) -> LayerTable:
    """The table of a network, frozen as it was in its training; trained as a whole if that is not known."""
    model, card = checkpoint.model.requires_grad_(requires_grad=True), checkpoint.card
    if card.recipe:
        freeze(model, recipes.parse(card.recipe).model)
    return layer_table(model, card.preprocess.blank_input())


def table_lines(table: LayerTable) -> Iterator[str]:
    """A table of layers for a terminal: a line for each, then the totals."""
    width = max(len(row.name) for row in table.rows)
    yield from (_line(row, width) for row in table.rows)
    yield f"{table.num_parameters:,} parameters: {table.num_trained:,} trained, {table.num_frozen:,} frozen"


def _line(row: LayerRow, width: int) -> str:
    shape = "does not run" if row.shape is None else _sides(row.shape)
    return f"{row.name:{width}}  {row.type:20}  {shape:16}  {row.num_parameters:>11,}  {row.state}".rstrip()


def _sides(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
