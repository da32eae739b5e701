"""Classes with their probabilities and logits, as bars: to click, or to read."""

from collections.abc import Callable, Sequence
from functools import partial
from math import isnan

from core import shares
from core.predictions.top_k import Prediction
from pages._ui.kit.components import web

_BARS = web.component("bars")
_KEY = "top"


def draw(
    predictions: Sequence[Prediction], *, selected: int, against: int | None, on_pick: Callable[[str], None]
) -> None:
    """Draw classes, their probabilities, and logits unless NaN; ``on_pick`` gets the name clicked."""
    _BARS(
        key=_KEY,
        data={"items": _items(predictions, selected, against), "is_still": False},
        on_picked_change=partial(web.hear, _KEY, [each.class_name for each in predictions], on_pick),
    )


def draw_still(predictions: Sequence[Prediction], *, selected: int, against: int | None) -> None:
    """Draw the same bars without buttons."""
    _BARS(key=_KEY, data={"items": _items(predictions, selected, against), "is_still": True})


def _items(predictions: Sequence[Prediction], selected: int, against: int | None) -> list[dict[str, object]]:
    return [
        {
            "name": each.class_name,
            "probability": shares.percent(each.probability),
            "logit": "" if isnan(each.logit) else f"{each.logit:+.2f}".replace("-", "−"),
            "width": f"{each.probability:.2%}",
            "selected": each.class_idx == selected,
            "against": each.class_idx == against,
        }
        for each in predictions
    ]
