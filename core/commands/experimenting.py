"""The commands ``experiments`` and ``experiment``: trainings that differ in one thing, in one table."""

import argparse
from pathlib import Path

from core.commands.options import trained
from core.commands.options.complaint import complain
from core.commands.options.numbers import place, whole
from core.training.experiments import family, own_checkpoints, table
from core.training.experiments.plan import planned
from core.training.experiments.workplace import ExperimentOptions
from core.training.runs.run import Stopped

_INTERRUPTED = 130  # The exit status of a shell after Ctrl-C.


def add_experiments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``experiments``: none."""
    parser.set_defaults(run=_experiments)


def add_experiment(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``experiment``."""
    parser.set_defaults(run=_experiment)
    parser.add_argument(
        "experiment", metavar="EXPERIMENT", help="an experiment listed by 'experiments', or a TOML file"
    )
    trained.add_data(parser)
    parser.add_argument(
        "--seeds",
        type=whole(1, family.MOST_SEEDS),
        metavar="N",
        help="trainings of each variant (default: the experiment's)",
    )
    trained.add_changes(parser, "all variants")
    trained.add_processes(parser, " of each training")
    parser.add_argument(
        "--out",
        type=place,
        required=True,
        metavar="DIR",
        help="folder for table.csv, table.json and the trainings; one that is there is continued",
    )


def _experiments(_options: argparse.Namespace) -> int:
    width = max(map(len, family.names()))
    for name in family.names():
        plan = planned(family.read(name))
        variants = ", ".join(variant.name for variant in plan.variants)
        print(f"{name:{width}}  {plan.experiment.title} ({plan.base.recipe.data.source}: {variants})")
    return 0


def _experiment(options: argparse.Namespace) -> int:
    # Lightning takes seconds to import, and no other command needs it.
    from core.training.experiments.running import RunResult, conducted  # noqa: PLC0415
    from core.training.lightning.train import Job, is_first  # noqa: PLC0415

    experiment = family.read(options.experiment)
    plan = planned(experiment, changes=options.changes, seeds=options.seeds)
    _take_data_of_checkpoint(options, experiment.recipe)
    job = Job(
        "",
        data=options.data,
        layout=options.layout,
        devices=options.devices,
        nodes=options.nodes,
        say=_say if is_first() else _say_nothing,
    )
    faults: list[str] = []

    def show(result: RunResult) -> None:
        if result.scores is not None:
            _say(f"  test accuracy {result.scores.test['accuracy']:.4f}, {result.scores.seconds:.0f} s")
        elif result.fault:
            faults.append(result.fault)
            complain(f"{result.run.variant.name}, seed {result.run.seed}: {result.fault}")

    try:
        made = conducted(plan, options.out, _asked(options), job, show)
    except (KeyboardInterrupt, Stopped):
        complain("stopped; finished work is kept, run the same command to continue")
        return _INTERRUPTED
    for line in table.lines(made) if made else ():
        _say(line)
    return 1 if faults else 0


def _take_data_of_checkpoint(options: argparse.Namespace, recipe: object) -> None:
    """Where the base is the recipe of a checkpoint, and no folder is given, use the checkpoint's own."""
    own = own_checkpoints.name_in(recipe) if isinstance(recipe, str) else ""
    if own and options.data is None:
        options.data, options.layout = own_checkpoints.data_of(own)


def _asked(options: argparse.Namespace) -> ExperimentOptions:
    path = Path(options.experiment)
    return ExperimentOptions(
        name=str(path.resolve()) if path.is_file() else options.experiment,
        data=str(options.data.resolve()) if options.data else "",
        layout=options.layout,
        seeds=options.seeds or 0,
        changes=tuple(options.changes),
    )


def _say(line: str) -> None:
    print(line, flush=True)


def _say_nothing(_line: str) -> None:
    """Instead of `_say` in processes that do not write."""
