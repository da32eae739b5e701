"""Numbers that are none: a network whose logits are not finite says nothing, and nothing is made of them."""

from collections.abc import Sequence

from torch import Tensor

from core.errors import CheckpointError


def refuse_infinite(logits: Tensor, network: str, sample_ids: Sequence[str] = ()) -> None:
    """CheckpointError where logits (N, C) are not all finite, with the first sample whose are not."""
    strange = (~logits.isfinite().all(1)).nonzero()[:, 0].tolist()
    if strange:
        of = f" for {sample_ids[strange[0]]!r}" if sample_ids else ""
        raise not_finite(f"the logits of {network}{of}")


def not_finite(what: str) -> CheckpointError:
    """What to say of values of a network that are not finite."""
    return CheckpointError(
        f"{what} are not finite: the weights, or the mean and std of the images, are wrong; "
        "import or train the network again"
    )
