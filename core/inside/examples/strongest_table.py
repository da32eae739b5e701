"""The strongest peaks of several layers as one table, to be sent and stored; and back."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import torch

from core.inside.examples.strongest import Strongest

_NUM_BROKEN = b"num_broken"


def as_table(strongest: Mapping[str, Strongest], num_broken: int) -> pa.Table:
    """The peaks (K, n) of all layers, row after row; ``num_broken`` images had none."""
    numbers = {
        "activation": [each.activations for each in strongest.values()],
        "mean": [each.means for each in strongest.values()],
        "cell": [each.cells for each in strongest.values()],
        "sample": [each.samples for each in strongest.values()],
        "width": [each.sizes[..., 0] for each in strongest.values()],
        "height": [each.sizes[..., 1] for each in strongest.values()],
    }
    columns = {name: torch.cat([part.flatten() for part in parts]).numpy() for name, parts in numbers.items()}
    return pa.table(columns, metadata={_NUM_BROKEN: str(num_broken)})


def num_broken(tables: Sequence[pa.Table]) -> int:
    """The number of images that had no peaks."""
    return sum(int(table.schema.metadata[_NUM_BROKEN]) for table in tables)


def from_table(table: pa.Table, num_channels: Mapping[str, int]) -> dict[str, Strongest]:
    """The peaks of each layer, with its number of channels K: ``num_channels`` names the layers in order."""
    number = table.num_rows // sum(num_channels.values())
    lengths = [number * num for num in num_channels.values()]
    columns = {name: torch.tensor(table[name].to_numpy()).split(lengths) for name in table.column_names}
    strongest = {}
    for place, (layer, num) in enumerate(num_channels.items()):
        own = {name: values[place].reshape(num, number) for name, values in columns.items()}
        sizes = torch.stack([own["width"], own["height"]], 2)
        strongest[layer] = Strongest(own["activation"], own["mean"], own["cell"], own["sample"], sizes)
    return strongest
