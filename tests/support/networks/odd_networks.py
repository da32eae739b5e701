"""Networks that run a layer twice, give odd outputs, or swallow errors."""

from torch import Tensor, nn

LAYERS = ["backbone.0", "backbone.1", "backbone.2", "backbone"]


class Twice(nn.Module):
    """One ReLU in two places, and the first convolution under two names: logits (N, 5)."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.relu, self.second = nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 5, 2, stride=2)
        self.alias = self.first
        self.spare = nn.Conv2d(3, 4, 1)

    def forward(self, batch: Tensor) -> Tensor:
        """Logits (N, 5)."""
        return self.relu(self.second(self.relu(self.first(batch)))).mean((2, 3))
