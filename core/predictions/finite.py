"""Refuses logits that are not finite: nothing can be computed from them."""

from collections.abc import Sequence

from torch import Tensor

from core.errors import CheckpointError


def refuse_infinite(logits: Tensor, network: str, sample_ids: Sequence[str] = ()) -> None:
    """Raise CheckpointError unless all logits (N, C) are finite; it names the first other sample."""
    strange = (~logits.isfinite().all(1)).nonzero()[:, 0].tolist()
    if strange:
        of = f" for {sample_ids[strange[0]]!r}" if sample_ids else ""
        raise not_finite(f"the logits of {network}{of}")


def not_finite(what: str) -> CheckpointError:
    """The message for values of a network that are not finite."""
    return CheckpointError(
        f"{what} are not finite: the weights, or the mean and std of the preprocess, are wrong; "
        "import or train the network again"
    )
