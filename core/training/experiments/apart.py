"""Trains on several devices in processes that end with the training: the next one starts its own."""

import json
from pathlib import Path

from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment

from core import files, processes
from core.checkpoints import paths, store
from core.errors import TrainingError
from core.training.experiments.plan import PlannedRun
from core.training.lightning.train import Job
from core.training.runs.run import Stopped, request_stop
from core.training.settings import recipe as recipes
from core.training.settings.dotted import flat
from core.training.settings.recipe import Recipe

_RECIPES = ".recipes"


def is_needed(job: Job) -> bool:
    """Whether a training would start processes itself: several devices, without ``torchrun`` or SLURM."""
    outside = (
        SLURMEnvironment.detect(),
        TorchElasticEnvironment.detect(),
        LightningEnvironment().creates_processes_externally,
    )
    return job.devices > 1 and job.nodes == 1 and not any(outside)


def trained_apart(run: PlannedRun, job: Job) -> Path:
    """Train a run, or continue it, by the command ``train``; gives the checkpoint's folder.

    Raises:
        TrainingError: it failed; the message is its own.
        Stopped: a stop was requested, or Ctrl-C was pressed; the state is kept.
    """
    folder, log = paths.folder(run.name), paths.training_log(run.name)
    recipe = files.make_folder(paths.root() / _RECIPES) / f"{run.name}.toml"
    files.write(recipe, as_toml(run.recipe).encode())
    where = [*(["--data", str(job.data.resolve())] if job.data else []), "--layout", job.layout]
    process = processes.start(
        "train", str(recipe), "--out", run.name, "--resume", "--devices", str(job.devices), *where, log=log
    )
    try:
        process.wait()
    except KeyboardInterrupt:
        request_stop(folder)
        process.wait()
    card = store.read_card(folder) if folder.exists() else None
    if card is None or card.status not in ("finished", "stopped"):
        raise TrainingError(processes.last_words(log) or "the training gave no reason")
    if card.status == "stopped":
        raise Stopped
    return folder


def as_toml(recipe: Recipe) -> str:
    """A recipe as a TOML file: a line for each setting, which JSON writes as TOML reads it."""
    settings = flat(recipes.as_settings(recipe))
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
