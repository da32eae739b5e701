"""The command that counts mistakes: evaluate."""

import argparse
import sys
from pathlib import Path

from core import checkpoint
from core.data.batches import usual_workers
from core.device import keep_freed_memory, usable_device
from core.predicting import evaluate, open_images, remember_images, samples_of


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this command to a parser."""
    parser = commands.add_parser("evaluate", help="predictions and metrics of a checkpoint on a data set")
    parser.set_defaults(run=_evaluate)
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="its name")
    parser.add_argument("--data", type=Path, metavar="DIR", help="where the images are, of any known layout")
    parser.add_argument("--split", default="val", metavar="S", help="train, val, test or all (default: val)")
    parser.add_argument("--device", help="cpu, cuda, cuda:1 … (default: the fastest that is there)")


def _evaluate(options: argparse.Namespace) -> int:
    folder = checkpoint.find(options.checkpoint)
    card = checkpoint.read_card(folder)
    images = open_images(folder, options.data)
    device, note = usable_device(options.device)
    if note:
        print(note, file=sys.stderr)
    keep_freed_memory()
    if options.data:
        remember_images(folder, images, options.data)
    samples = samples_of(card, images, options.split)
    found = evaluate(folder, samples, device=device, workers=usual_workers(), on_progress=_count)
    print(f"{options.checkpoint} on {found['num_samples']} images of {images.name}:")
    for name in ("accuracy", "balanced_accuracy", "majority_baseline", "log_loss", "ece"):
        print(f"  {name.replace('_', ' '):18} {found[name]:.4f}")
    print(f"  mistakes           {found['num_mistakes']}")
    if found["num_broken"]:
        print(f"{found['num_broken']} images cannot be read and are left out", file=sys.stderr)
    return 0


def _count(done: int, total: int) -> None:
    """How far it is, on one line of a terminal."""
    if sys.stderr.isatty():
        print(f"\r{done} of {total} images", end="\n" if done == total else "", file=sys.stderr, flush=True)
