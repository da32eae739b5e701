"""The command ``plan``: what a training will need, without training."""

import argparse

from core.commands.layers import table_lines
from core.commands.options import trained
from core.device import keep_freed_memory
from core.training import summary
from core.training.material import open_training_data
from core.training.network import described_layers
from core.training.planning import forecast as forecasts
from core.training.settings import recipe as recipes


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``plan``."""
    parser.set_defaults(run=_plan)
    parser.add_argument("recipe", metavar="RECIPE", help="a recipe listed by 'recipes', or a TOML file")
    trained.add_data(parser)
    trained.add_changes(parser)
    parser.add_argument("--json", action="store_true", help="print memory, time and proposals as JSON")


def _plan(options: argparse.Namespace) -> int:
    keep_freed_memory()
    recipe = recipes.read(options.recipe, options.changes)
    images = open_training_data(recipe.data, options.data, options.layout)
    # Lightning takes seconds to import: not before the settings are known to be right.
    from core.training.lightning.rehearsal import rehearse  # noqa: PLC0415

    forecast = rehearse(recipe, images)
    if options.json:
        print(forecasts.as_json(forecast))
        return 0
    for line in table_lines(described_layers(recipe, len(images.class_names))):
        print(line)
    for fact in (*summary.facts(recipe), *forecasts.facts(forecast)):
        print(f"{fact.label:16}  {fact.text}")
    for proposal in forecast.proposals:
        changes = " ".join(f"--set {change}" for change in proposal.changes)
        print(f"! {proposal.reason}{': ' if changes else ''}{changes}")
    return 0
