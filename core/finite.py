"""Numbers that are none: logits that are not finite say nothing, and nothing is made of them."""

from collections.abc import Sequence

from torch import Tensor

from core.errors import CheckpointError


def refuse_infinite(logits: Tensor, network: str, sample_ids: Sequence[str] = ()) -> None:
    """CheckpointError where logits (N, C) are not all finite, with the first sample whose are not."""
    strange = (~logits.isfinite().all(1)).nonzero()[:, 0].tolist()
    if strange:
        of = f" for {sample_ids[strange[0]]!r}" if sample_ids else ""
        raise CheckpointError(
            f"the logits of {network}{of} are not finite: its weights, or the mean and std of its images, "
            "are wrong; import or train it again"
        )
