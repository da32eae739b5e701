"""The fix of the last layer: fitted again to one half of the held-out samples."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import torch
from torch import nn

from core.checkpoints import store
from core.checkpoints.card import Card
from core.errors import FixError
from core.models.heads import last_layer
from core.predictions import sample_features
from core.training.fixes.balanced_head import LinearFit, balanced_fit
from core.training.fixes.fixing import Case, Choices, Made
from core.training.fixes.held_out import held_out


def by_head(case: Case, name: str, choices: Choices) -> Made:
    """A copy of the checkpoint whose last layer was fitted to half of the samples, the group balanced.

    Raises:
        FixError: the evaluation has no features, or too few samples; or the last layer is no linear layer.
    """
    evaluation = case.group.evaluation
    features = sample_features.read(evaluation)
    if features is None:
        raise FixError(sample_features.missing(evaluation))
    halves = held_out(case.labels, case.inside, choices.seed, case.whole)
    card = store.read_card(case.folder)
    rows = halves.used
    fit = balanced_fit(
        features[rows].astype("float64"), case.labels[rows], case.inside[rows], card.class_names
    )
    loaded = store.load(case.folder)
    _put(loaded.model, fit)
    folder = store.save(name, _card(card, case.folder.name), store.own_tensors(loaded.model, card.base))
    change = (
        f"the last layer, fitted to {len(rows)} of the {len(case.labels)} samples of {evaluation.name!r} "
        f"(logistic regression, penalty C = {fit.penalty:g}, seed {choices.seed})"
    )
    why = "if the other features were learned too, the last layer alone decides which of them count"
    return Made(folder, halves.untouched, change, why)


def _put(model: nn.Module, fit: LinearFit) -> None:
    layer = last_layer(model)
    if not isinstance(layer, nn.Linear) or layer.bias is None:
        raise FixError(f"the last layer is {layer}; only a linear layer with a bias can be fitted again")
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(fit.weight))
        layer.bias.copy_(torch.from_numpy(fit.bias))


def _card(card: Card, name: str) -> Card:
    """The card of the copy; the accuracies of the earlier training do not hold for it."""
    return replace(
        card,
        source=f"{name}, its last layer fitted again",
        metrics={},
        recipe=_recipe(card, name),
        training={"started": datetime.now(UTC).isoformat(timespec="seconds")},
    )


def _recipe(card: Card, name: str) -> dict[str, Any]:
    """The checkpoint's recipe, which now starts from it and trains its head; empty if it has none."""
    if not card.recipe:
        return {}
    model: Mapping[str, Any] = card.recipe["model"]
    return card.recipe | {"model": dict(model) | {"weights": f"checkpoint:{name}", "train_from": "head"}}
