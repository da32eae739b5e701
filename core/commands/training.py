"""The commands ``recipes`` and ``train``."""

import argparse
from pathlib import Path

from core.checkpoints import store
from core.commands.options import corrected, trained
from core.commands.options.complaint import complain
from core.training.runs import free_name
from core.training.runs.run import Stopped
from core.training.settings import recipe as recipes


def add_recipes(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``recipes``: none."""
    parser.set_defaults(run=_recipes)


def add_train(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``train``."""
    parser.set_defaults(run=_train)
    parser.add_argument(
        "recipe", nargs="?", metavar="RECIPE", help="a recipe listed by 'recipes', or a TOML file"
    )
    trained.add_data(parser)
    corrected.add(parser)
    trained.add_changes(parser)
    parser.add_argument("--out", metavar="NAME", help="name of the new checkpoint (default: the recipe's)")
    trained.add_processes(parser)
    parser.add_argument("--resume", action="store_true", help="continue the training of that name")


def _recipes(_options: argparse.Namespace) -> int:
    width = max(map(len, recipes.names()))
    for name in recipes.names():
        recipe = recipes.read(name)
        print(f"{name:{width}}  {recipe.title} ({recipe.data.source}, {recipe.model.architecture})")
    return 0


def _train(options: argparse.Namespace) -> int:
    # Lightning takes seconds to import, and no other command needs it.
    from core.training.lightning.train import Job, is_first, resume, train  # noqa: PLC0415

    recipe = recipes.read(options.recipe, options.changes) if options.recipe else None
    name = options.out or (free_name(Path(options.recipe).stem) if recipe else "")
    job = Job(
        name,
        data=options.data,
        layout=options.layout,
        corrections=options.corrections,
        devices=options.devices,
        nodes=options.nodes,
        say=_say,
    )
    try:
        if options.resume and name in store.folders():
            folder = resume(recipe, job)
        elif recipe is not None:
            folder = train(recipe, job)
        else:
            return complain(
                f"got no recipe, and there is no training {name!r} to resume; expected one of them"
            )
    except Stopped:
        return complain(f"{name} was stopped; continue with: python -m core train --out {name} --resume")
    if is_first():
        metrics = store.read_card(folder).metrics
        _say(f"{folder}: validation accuracy {metrics['val_accuracy']:.4f}, loss {metrics['val_loss']:.4f}")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)
