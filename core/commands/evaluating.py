"""The command that counts mistakes: evaluate."""

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

_INTERRUPTED = 130  # As a shell has it for Ctrl-C.


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this command to a parser."""
    parser = commands.add_parser("evaluate", help="predictions and metrics of a checkpoint on a data set")
    parser.set_defaults(run=_evaluate)
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="its name")
    parser.add_argument("--data", type=place, metavar="DIR", help="where the images are, of any known layout")
    layouts.add(parser)
    parser.add_argument("--split", default="val", metavar="S", help="train, val, test or all (default: val)")
    parser.add_argument(
        "--as",
        dest="name",
        default="",
        metavar="NAME",
        help="what the evaluation is called (default: the name of the data, and the split)",
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="take the place of an evaluation of that name that is of other images or weights",
    )
    parser.add_argument("--device", help="cpu, cuda, cuda:1 … (default: the fastest that is there)")
    parser.add_argument(
        "--devices", type=whole(1, MOST_PROCESSES), default=1, metavar="N", help="processes, one a device"
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
            complain("interrupted; what is done is kept, and the same command goes on from there")
        return _INTERRUPTED


def _arguments(options: argparse.Namespace) -> list[str]:
    """The same command for another process, which shares the work as its environment says."""
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
    found = evaluate(folder, samples, resources, keep=keep, on_progress=_count)
    _report(options.checkpoint, evaluations.data_name(images), keep.name, found)
    return 0


def _report(name: str, images: str, evaluation: str, found: dict[str, Any]) -> None:
    print(f"{name} on {found['num_samples']} images of {images}, kept as {evaluation}:")
    for number in ("accuracy", "balanced_accuracy", "majority_baseline", "log_loss", "ece"):
        print(f"  {number.replace('_', ' '):18} {found[number]:.4f}")
    print(f"  mistakes           {found['num_mistakes']}")
    if found["num_broken"]:
        print(f"{found['num_broken']} images cannot be read and are left out", file=sys.stderr)


def _count(done: int, total: int) -> None:
    """How far it is, on one line of a terminal."""
    if sys.stderr.isatty():
        print(f"\r{done} of {total} images", end="\n" if done == total else "", file=sys.stderr, flush=True)
