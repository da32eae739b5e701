"""A training from start to end, in order."""

import logging
import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import lightning
import torch
from lightning.fabric.utilities.warnings import PossibleUserWarning
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Callback, EarlyStopping
from lightning.pytorch.utilities import rank_zero_only

from core.checkpoints import paths, store
from core.checkpoints.local import remember_data, remembered_data, remembered_layout
from core.checkpoints.store import Card
from core.data import corrections
from core.data.cache import decode
from core.data.image_set import ImageSet
from core.data.sources import catalogue
from core.data.survey.report import left_out_in_words
from core.data.unreadable import refuse_many
from core.device import best_device, device_label, keep_freed_memory
from core.errors import CoreError, RecipeError, TrainingError
from core.training.emphasis import members
from core.training.lightning.agreement import Agreement
from core.training.lightning.keeper import Keeper, Pace, Seeded
from core.training.lightning.learner import learner, phase
from core.training.lightning.memory import (
    enough_memory,
    in_fitting_pieces,
    most_pieces,
    pieces_before,
    smallest_piece,
)
from core.training.lightning.signals import stopping_on_signals
from core.training.lightning.validation import validate
from core.training.material import Material, described, material, open_training_data, unvalidated_in_words
from core.training.network import Network, architecture_of, base_of, head_of, network, preprocess_of
from core.training.runs.run import RunFolder
from core.training.settings import recipe as recipes
from core.training.settings.recipe import Recipe
from core.training.settings.schema import EpochSelection


@dataclass(frozen=True, slots=True)
class Job:
    """What is not part of the recipe: the folder of the data, the name of the result, the devices.

    ``data`` is a folder, or None for the usual place; ``layout`` is how to read it. ``corrections`` is a file
    with decisions on labels. ``say`` receives messages line by line.
    """

    name: str
    data: Path | None = None
    devices: int = 1
    nodes: int = 1
    say: Callable[[str], None] = lambda _line: None
    layout: str = ""
    corrections: Path | None = None


def train(recipe: Recipe, job: Job) -> Path:
    """Train into a new folder of that name, which is a checkpoint folder from its first second.

    Raises:
        CoreError: something is wrong with recipe, data or folder; the message is the card's ``reason`` too.
        Stopped: a stop was requested; the state is kept.
    """
    _refuse_devices(job)
    images = open_training_data(recipe.data, job.data, job.layout, job.corrections)
    run = RunFolder.start(job.name, _first_card(recipe, images, job)) if is_first() else None
    if run is not None and job.corrections is not None:
        run.keep_corrections(job.corrections)
    return _trained(recipe, job, images, run)


def resume(recipe: Recipe | None, job: Job) -> Path:
    """Continue a training that was stopped, interrupted or failed, from its last saved state.

    Raises:
        TrainingError: its data has changed, or there is nothing to resume.
        RecipeError: ``recipe`` differs from that of the training.
    """
    _refuse_devices(job)
    folder = paths.folder(job.name)
    card = store.read_card(folder)
    if not card.recipe:
        raise TrainingError(f"{job.name!r} was not trained here, so there is nothing to resume")
    own = recipes.parse(card.recipe)
    if recipe is not None and (changed := recipes.differences(own, recipe)):
        raise RecipeError(f"{job.name!r} was started with another {', '.join(changed)}; start a new one")
    job = replace(
        job,
        data=job.data or remembered_data(folder),
        layout=job.layout or remembered_layout(folder, job.data),
    )
    images = catalogue.open_data(own.data.source, job.data, layout=job.layout)
    if (folder / paths.CORRECTIONS).exists():
        images = corrections.applied(images, folder / paths.CORRECTIONS)
    if images.fingerprint != card.data.get("fingerprint"):
        raise TrainingError(f"the data of {job.name!r} has changed since it was started; start a new one")
    run = RunFolder.again(job.name) if is_first() else None
    return _trained(own, job, images, run, state=folder / paths.STATE)


def _refuse_devices(job: Job) -> None:
    cards = torch.cuda.device_count()
    if job.devices < 1 or job.nodes < 1 or (cards and job.devices > cards):
        there = f"this machine has {cards} GPUs" if cards else "at least one is needed"
        raise TrainingError(f"got {job.devices} devices on {job.nodes} machines; {there}")


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """What stays the same in each attempt to train: data, the folder (None but for rank 0), a saved state."""

    data: Material
    run: RunFolder | None
    state: Path | None


def _trained(
    recipe: Recipe, job: Job, images: ImageSet, run: RunFolder | None, state: Path | None = None
) -> Path:
    """Run the whole training. Only rank 0 has a ``run``; other ranks pass None."""
    folder, started = paths.folder(job.name), time.monotonic()
    is_alone = job.devices * job.nodes == 1
    keep_freed_memory()
    if run is not None:
        remember_data(folder, job.data, job.layout)
        for told in filter(None, [left_out_in_words(images.left_out or ())]):
            job.say(told)
    recording = run.recording() if run else nullcontext()
    with recording, stopping_on_signals(folder), enough_memory(recipe, is_alone=is_alone):
        tick = run.tick if run else _ignore
        networks = [network(recipe, len(images.class_names))]
        decoded = decode(images, networks[0].preprocess, on_progress=phase(tick, "reading images"))
        refuse_many(int((~decoded.survey.ok).sum()), images, len(images))
        data = material(decoded, recipe.data, recipe.seed)
        if recipe.emphasis.group:
            data = replace(data, emphasised=members(recipe.emphasis, images))
        if run is not None:
            run.update(replace(run.card, data=described(images, recipe.data, recipe.seed, data)))
            if (gap := unvalidated_in_words(data)) is not None:
                job.say(gap)

        def fit(pieces: int) -> tuple[Trainer, Keeper]:
            # Each attempt has a network of its own: a pass that ran out of memory leaves a trained one.
            net = networks.pop() if networks else network(recipe, len(images.class_names))
            return _fit(recipe, job, _Given(data, run, state), net, pieces)

        trainer, keeper = in_fitting_pieces(
            fit,
            pieces=pieces_before(run),
            # Several processes agree before the first step, see `Agreement`.
            most=most_pieces(recipe.batch_size, networks[0].model) if is_alone else 1,
            on_smaller=partial(_use_pieces, recipe, job, run),
        )
        trainer.strategy.barrier()
        measured = validate(folder, data, trainer)
        if run is not None:
            _finish(run, keeper, measured, seconds=time.monotonic() - started)
    return folder


def _fit(recipe: Recipe, job: Job, given: _Given, net: Network, pieces: int) -> tuple[Trainer, Keeper]:
    """One attempt to train from the start, or from the saved state, with each batch in ``pieces``."""
    run, tick = given.run, given.run.tick if given.run else _ignore
    classifier, feed = learner(recipe, net, given.data, tick)
    feed.cut(pieces, least=smallest_piece(net.model))
    keeper = Keeper(run, net.model, best=recipe.keep.best, stored=recipe.keep.stored, say=job.say)
    pace = Pace(tick, partial(_wants_stop, run), recipe.epochs)
    callbacks = [Seeded(recipe.seed), pace, *_early_stopping(recipe.keep), keeper]
    if job.devices * job.nodes > 1:
        callbacks.append(Agreement(feed, pieces, partial(_use_pieces, recipe, job, run)))
        pieces = 1  # The agreed ones multiply it.
    trainer = _trainer(recipe, job, callbacks, pieces=pieces)
    resumed = given.state if given.state is not None and given.state.exists() else None
    with _naming_damage(resumed, pace):
        trainer.fit(classifier, datamodule=feed, ckpt_path=resumed, weights_only=True)
    return trainer, keeper


def _use_pieces(recipe: Recipe, job: Job, run: RunFolder | None, pieces: int) -> None:
    """Say that memory ran out; the card has the number, so that a resumed training begins with it."""
    job.say(
        f"memory ran out: each batch of {recipe.batch_size} images is now computed in {pieces} pieces, "
        "with the same steps"
    )
    if run is not None:
        run.update(replace(run.card, training=run.card.training | {"pieces": pieces}))


@contextmanager
def _naming_damage(state: Path | None, pace: Pace) -> Iterator[None]:
    """Raise TrainingError where a saved state cannot be loaded; nothing in it is ever executed."""
    try:
        yield
    except (CoreError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # Each reader of a part of a damaged file raises its own type of error.
        if state is None or pace.has_begun:
            raise
        raise TrainingError(
            f"{state} is damaged: the training cannot continue; start a new one from its best weights with "
            f"model.weights=checkpoint:{state.parent.name}, or delete {state.name} to restart this one"
        ) from error


def _trainer(recipe: Recipe, job: Job, callbacks: list[Callback], *, pieces: int = 1) -> Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    if not torch.cuda.is_available():
        # Lightning makes each step ask the GPU's driver, which takes 0.06 ms where there is none.
        os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "0"
    # Advice on workers and intervals, which are set here.
    warnings.filterwarnings("ignore", category=PossibleUserWarning)
    warnings.filterwarnings("ignore", message=r".*LeafSpec", category=FutureWarning)
    warnings.filterwarnings("ignore", message=r".*LeafSpec", category=DeprecationWarning)
    return Trainer(
        accelerator="auto",
        devices=job.devices,
        num_nodes=job.nodes,
        strategy="ddp" if job.devices * job.nodes > 1 else "auto",
        max_epochs=recipe.epochs,
        precision=recipe.speed.precision,
        accumulate_grad_batches=recipe.speed.accumulate * pieces,
        callbacks=callbacks,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        reload_dataloaders_every_n_epochs=1,
        default_root_dir=paths.folder(job.name),
    )


def _early_stopping(keep: EpochSelection) -> list[Callback]:
    if not keep.patience:
        return []
    mode = "min" if keep.best == "val_loss" else "max"
    stopping = EarlyStopping(keep.best, min_delta=keep.min_delta, patience=keep.patience, mode=mode)
    if keep.baseline:
        # As Keras counts it. Lightning has no such setting; its first best score is infinite.
        stopping.best_score = torch.tensor(keep.baseline)
    return [stopping]


def _finish(run: RunFolder, keeper: Keeper, measured: dict[str, float], *, seconds: float) -> None:
    """Write the finished card and delete the state."""
    training = run.card.training | {
        "seconds": round(keeper.seconds_before + seconds, 1),
        "epochs": len(keeper.rows),
    }
    run.update(replace(run.card, status="finished", metrics=run.card.metrics | measured, training=training))
    run.state.unlink(missing_ok=True)


def _first_card(recipe: Recipe, images: ImageSet, job: Job) -> Card:
    device = best_device()
    return Card(
        architecture=architecture_of(recipe.model),
        class_names=images.class_names,
        preprocess=preprocess_of(recipe),
        base=base_of(recipe.model),
        source=f"trained on {images.name}",
        head=head_of(recipe.model),
        status="running",
        recipe=recipes.as_settings(recipe),
        data=described(images, recipe.data, recipe.seed),
        training={
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "device": device_label(device),
            "devices": job.devices * job.nodes,
        },
        versions={"lightning": lightning.__version__},
    )


def is_first() -> bool:
    """Whether this is rank 0, the process that writes."""
    return not getattr(rank_zero_only, "rank", 0)


def _wants_stop(run: RunFolder | None) -> bool:
    return run is not None and run.stop_is_wanted()


def _ignore(**_progress: object) -> None:
    """Report nothing, in processes that do not write."""
