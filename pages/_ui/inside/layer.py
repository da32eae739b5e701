"""One layer for one photo, as the view Channels shows it."""

from dataclasses import dataclass

import numpy as np

from core.inside.channels.inspection import Inspection
from core.inside.channels.layer_channels import Indices
from pages._ui import words
from pages._ui.inside.numbers import brief, signed_briefly
from pages._ui.inside.state.inspections import Look


@dataclass(frozen=True, slots=True, eq=False)
class ShownLayer:
    """A layer's channels for a photo, the class of their contributions, their order, and what tiles show.

    ``by`` is what ``order`` sorts by; ``show`` is one of `pages._ui.inside.tiles.kinds`.
    """

    look: Look
    inspection: Inspection
    class_name: str
    by: str
    order: Indices
    show: str

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.inspection.layer

    @property
    def title(self) -> str:
        """``bn2: 1,280 channels of 7 × 7``."""
        channels, rows, columns = self.inspection.maps.shape
        return f"{self.name}: {words.counted(channels, 'channel')} of {rows} × {columns}"

    def contribution(self, channel: int) -> str:
        """A channel's contribution to the class: in logits if they sum to it, else for ranking only."""
        value = float(self.inspection.contributions[channel])
        return words.signed(value) if self.inspection.bias is not None else signed_briefly(value)

    def meaning(self, channel: int) -> str:
        """The statistics of a channel, shown under the pointer."""
        stats = self.inspection.stats
        if stats.silent[channel]:
            return f"Channel {channel}: silent, {brief(stats.mean[channel])} everywhere"
        return (
            f"Channel {channel}: mean {brief(stats.mean[channel])}, maximum {brief(stats.maximum[channel])}, "
            f"{words.percent(float(stats.share_of_zeros[channel]))} zeros, "
            f"{self.contribution(channel)} for {self.class_name}"
        )

    def sorted_number(self, channel: int) -> str:
        """The number that the channels are sorted by; empty for the order by index."""
        if self.by == "class":
            return self.contribution(channel)
        return brief(self.inspection.stats.strength[channel]) if self.by == "strength" else ""

    @property
    def hint(self) -> str:
        """How to read tiles of activations."""
        beside = {
            "strength": "Beside each index: the mean absolute activation.",
            "class": f"Beside each index: the contribution to {self.class_name}. {self._sum}",
            "index": "",
        }[self.by]
        silent = np.count_nonzero(self.inspection.stats.silent)
        grey = f"Grey: {silent:,} of {len(self.order):,} are silent for this photo." if silent else ""
        scale = "Each channel from its lowest value (dark) to its highest (bright)."
        return " ".join(filter(None, (scale, grey, beside)))

    @property
    def _sum(self) -> str:
        """What the contributions sum to, in words."""
        if self.inspection.bias is None:
            return "At this layer it only ranks channels."
        logit = float(self.inspection.logits[self.inspection.class_idx])
        return (
            f"With the bias, {words.signed(self.inspection.bias)}, all contributions sum to the logit, "
            f"{words.signed(logit)}."
        )
