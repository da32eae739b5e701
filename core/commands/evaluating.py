"""The command ``evaluate``: predictions and metrics of a checkpoint on a data set."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from core.checkpoints import store
from core.commands.options import layouts
from core.commands.options.complaint import complain
from core.commands.options.numbers import MOST_PROCESSES, place, whole
from core.data.survey.report import left_out_in_words
from core.data.workers import usual_workers
from core.device import keep_freed_memory, usable_device
from core.passes import ranks
from core.passes.ranks import Place
from core.predictions import evaluations
from core.predictions.evaluating.evaluate import Keep, Resources, evaluate
from core.predictions.evaluating.naming import name_for
from core.predictions.evaluating.samples import note_on_data, open_images, remember_images, samples_of

_INTERRUPTED = 130  # The exit status of a shell after Ctrl-C.


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to ``commands``."""
    parser = commands.add_parser(
        "evaluate", help="save predictions and metrics of a checkpoint on a data set"
    )
    parser.set_defaults(run=_evaluate)
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="name of the checkpoint")
    parser.add_argument("--data", type=place, metavar="DIR", help="folder of images, in any known layout")
    layouts.add(parser)
    parser.add_argument("--split", default="val", metavar="S", help="train, val, test or all (default: val)")
    parser.add_argument(
        "--as",
        dest="name",
        default="",
        metavar="NAME",
        help="name of the evaluation (default: data set and split, such as digits-val)",
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="overwrite an evaluation of that name that was made with other images or weights",
    )
    parser.add_argument("--device", help="cpu, cuda, cuda:1 … (default: the fastest available)")
    parser.add_argument(
        "--devices",
        type=whole(1, MOST_PROCESSES),
        default=1,
        metavar="N",
        help="number of processes, one per device",
    )


def _evaluate(options: argparse.Namespace) -> int:
    own = ranks.place()
    try:
        if own.share.world > 1 or options.devices < 2:
            return _evaluate_share(options, own)
        with ranks.others(_arguments(options), options.devices) as (own, others_end):
            return _evaluate_share(options, own, others_end)
    except KeyboardInterrupt:
        if own.share.rank == 0:
            complain("interrupted; finished work is kept, run the same command to continue")
        return _INTERRUPTED


def _arguments(options: argparse.Namespace) -> list[str]:
    """This command again, for another process; its environment says which share it takes."""
    chosen = {
        "--data": options.data,
        "--layout": options.layout or None,
        "--split": options.split,
        "--as": options.name or None,
        "--device": options.device,
    }
    given = [part for name, value in chosen.items() if value is not None for part in (name, str(value))]
    return ["evaluate", options.checkpoint, *given, *(["--replace"] if options.replace else [])]


def _evaluate_share(
    options: argparse.Namespace, own: Place, others_end: Callable[[], None] = lambda: None
) -> int:
    ranks.end_with_parent()
    ranks.divide_threads(own)
    keep_freed_memory()
    folder = store.find(options.checkpoint)
    images = open_images(folder, options.data, options.layout)
    samples = samples_of(store.read_card(folder), images, options.split)
    device, note = usable_device(options.device)
    resources = Resources(
        ranks.device_of(device, own), usual_workers() // own.local_world, own.share, others_end
    )
    keep = Keep(options.name or name_for(samples), options.data, options.replace)
    evaluations.refuse_odd(keep.name)
    if own.share.rank:
        evaluate(folder, samples, resources, keep=keep)
        return 0
    left_out = left_out_in_words((*(images.left_out or ()), *samples.unknown))
    for each in filter(None, [note, note_on_data(folder, images), left_out]):
        print(each, file=sys.stderr)
    if options.data:
        remember_images(folder, images, options.data)
    metrics = evaluate(folder, samples, resources, keep=keep, on_progress=_count)
    _report(options.checkpoint, evaluations.data_name(images), keep.name, metrics)
    return 0


def _report(name: str, images: str, evaluation: str, metrics: dict[str, Any]) -> None:
    print(f"{name} on {metrics['num_samples']} images of {images}, saved as {evaluation}:")
    for number in ("accuracy", "balanced_accuracy", "majority_baseline", "log_loss", "ece"):
        print(f"  {number.replace('_', ' '):18} {metrics[number]:.4f}")
    print(f"  mistakes           {metrics['num_mistakes']}")
    if metrics["num_broken"]:
        print(f"unreadable images left out: {metrics['num_broken']}", file=sys.stderr)


def _count(done: int, total: int) -> None:
    """Progress on one line of a terminal."""
    if sys.stderr.isatty():
        print(f"\r{done} of {total} images", end="\n" if done == total else "", file=sys.stderr, flush=True)
