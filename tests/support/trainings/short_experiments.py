"""Experiments of a few digits in two epochs."""

from typing import Any

from core.training.experiments.family import Experiment, parse
from core.training.experiments.plan import Plan, planned

# Ten images of each class to train on, a tenth of all for testing: a training takes a second.
SHORT = {
    "data": {"per_class": 10, "test": 0.1, "val": 0.05},
    "model": {"architecture": "seewhy:two-conv-mnist"},
    "epochs": 2,
}
SMOOTH = {"name": "smooth", "change": {"loss": {"label_smoothing": 0.1}}}
SLOW = {"name": "slow", "change": {"optimiser": {"lr": 0.0}}}


def short_experiment(*variants: dict[str, Any], **settings: object) -> Experiment:
    """The digits by a tiny network, and variants of it."""
    base = {"name": "plain", "change": SHORT}
    content = {
        "title": "Few digits",
        "recipe": "digits",
        "base": base,
        "variants": list(variants),
        "seeds": 2,
    }
    return parse(content | settings)


def short_plan(*variants: dict[str, Any], **settings: object) -> Plan:
    """The plan of a short experiment."""
    return planned(short_experiment(*variants, **settings))
