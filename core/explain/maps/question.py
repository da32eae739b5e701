"""What a method that runs the network itself is asked, and how it reports its progress."""

import dataclasses
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from core.explain.network.hooks import capture
from core.explain.network.tracing import Trace, differentiable, logits_of

OnProgress = Callable[[float], None]
Score = Callable[[Tensor, Tensor], Tensor]


@dataclass(slots=True, eq=False)
class PixelQuestion:
    """What a method is asked: model, batch (N, channels, H, W), direction (N, C), for some a layer.

    ``on_progress`` receives the share done before every pass of a slow method; an exception from it stops the
    method. ``traced`` is a forward pass of the same batch that recorded the layer, if there is one already.
    A method that draws random numbers draws the same ones for the same ``seed``.
    """

    model: nn.Module
    batch: Tensor
    direction: Tensor
    target_layer: str = ""
    on_progress: OnProgress = field(default=lambda _share: None)
    traced: Trace | None = None
    seed: int = 0

    def score(self, batch: Tensor, direction: Tensor) -> Tensor:
        """The explained score (N,). The lock is held for single passes: other sessions can run in between."""
        with capture(self.model, {}), differentiable():
            # A clone: the network may begin with an operation in place.
            score: Tensor = (logits_of(self.model(batch.clone())) * direction).sum(1)
        return score

    def counted(self, passes: int) -> Score:
        """`score`, which reports before each of so many passes the share of them that is done."""
        done = 0

        def score(batch: Tensor, direction: Tensor) -> Tensor:
            nonlocal done
            self.on_progress(min(1.0, done / passes))
            done += 1
            return self.score(batch, direction)

        return score

    def leaf(self) -> Tensor:
        """A copy of the batch that requires gradients: captum would set that on the caller's tensor."""
        return self.batch.detach().clone().requires_grad_()

    def each_image(self) -> "Iterator[PixelQuestion]":
        """The question about each image alone; together, their progress rises once from 0 to 1."""
        num_images = len(self.batch)
        for place, (image, direction) in enumerate(zip(self.batch, self.direction, strict=True)):
            yield dataclasses.replace(
                self,
                batch=image[None],
                direction=direction[None],
                traced=None,
                on_progress=functools.partial(self._overall, place, num_images),
            )

    def _overall(self, place: int, num_images: int, share: float) -> None:
        self.on_progress((place + share) / num_images)


Method = Callable[[PixelQuestion], Tensor]


def with_gradients(method: Method) -> Method:
    """The method, made to work in inference mode too, in which Lightning validates."""

    @functools.wraps(method)
    def outside(question: PixelQuestion) -> Tensor:
        with torch.inference_mode(mode=False), differentiable():
            batch, direction = question.batch.clone(), question.direction.clone()
            return method(dataclasses.replace(question, batch=batch, direction=direction))

    return outside
