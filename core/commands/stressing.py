"""The command ``stress``: accuracy on photos that are made worse in steps."""

import argparse

from core.checkpoints import store
from core.commands.options import engines, evaluated
from core.commands.options.numbers import whole
from core.images.degrading import KINDS
from core.mistakes import stress
from core.mistakes.reports import STRESS, ReportPlace
from core.mistakes.stress import Stress

_MOST_SAMPLES = 100_000


def add_stress(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``stress``."""
    parser.set_defaults(run=_stress)
    evaluated.add_checkpoint(parser)
    evaluated.add_evaluation(parser)
    parser.add_argument(
        "--samples",
        type=whole(1, _MOST_SAMPLES),
        default=200,
        metavar="N",
        help=f"samples, drawn at random; each is predicted {len(stress.VARIANTS)} times (default: 200)",
    )
    evaluated.add_seed(parser, "for the draw")
    engines.add(parser)
    evaluated.add_out(parser)


def _stress(options: argparse.Namespace) -> int:
    made = ReportPlace(options.out, STRESS)
    with made.held():
        found = stress.report(
            store.find(options.checkpoint),
            options.evaluation,
            engines.engine(options),
            num_samples=options.samples,
            seed=options.seed,
            on_progress=engines.drawing(made.progress_file),
        )
        made.write(stress.json_of(found))
    _print(found)
    print(f"-> {made.path}")
    return 0


def _print(tested: Stress) -> None:
    """A line for each kind: the accuracy at each of its steps."""
    whole = f"{len(tested.labels)} samples of {tested.evaluation.name}"
    print(f"{whole}: accuracy {tested.steps[0].accuracy:.1%} as they are")
    for name, kind in KINDS.items():
        steps = [each for each in tested.steps if each.variant.kind == name]
        shares = "  ".join(f"{each.variant.value:g}: {each.accuracy:.1%}" for each in steps)
        print(f"  {name:13} {shares}  ({kind.unit})")
