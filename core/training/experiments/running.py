"""Runs an experiment: each training in turn, and its evaluation on the test set."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.checkpoints import paths, store
from core.checkpoints.store import Card
from core.data.division import divided
from core.data.image_set import ImageSet
from core.data.workers import usual_workers
from core.device import best_device
from core.errors import CoreError, DataError, RecipeError, TrainingError
from core.passes.in_process import InProcess
from core.predictions import evaluations
from core.predictions.evaluating.evaluate import Keep, evaluate
from core.predictions.evaluating.naming import name_for
from core.predictions.evaluating.predicting import key_of
from core.predictions.evaluating.samples import samples_of
from core.predictions.evaluations import Evaluation
from core.training.baselines.floor import Floor, floor
from core.training.experiments import apart, own_checkpoints, table, workplace
from core.training.experiments.plan import Plan, PlannedRun
from core.training.experiments.rows import rows
from core.training.experiments.scores import TEST, RunScores, scores_of
from core.training.experiments.table import ExperimentTable
from core.training.experiments.workplace import ExperimentOptions
from core.training.lightning.train import Job, is_first, resume, train
from core.training.material import fewer, open_training_data
from core.training.runs.run import Stopped
from core.training.settings import recipe as recipes


@dataclass(frozen=True, slots=True, eq=False)
class RunResult:
    """A training that has ended: its scores, or why there are none."""

    run: PlannedRun
    scores: RunScores | None = None
    fault: str = ""


def conducted(
    plan: Plan,
    place: Path,
    asked: ExperimentOptions,
    job: Job,
    on_result: Callable[[RunResult], None] = lambda _result: None,
) -> ExperimentTable | None:
    """Run what is not done yet, and write the table into ``place``; gives it.

    Every training is a checkpoint in ``place/runs``. An interrupted experiment continues where it was. Only
    rank 0 evaluates and writes; other ranks get None.

    Raises:
        CoreError: something is wrong with the data or the folder.
        Stopped: a stop was requested; the state is kept.
    """
    own_checkpoints.bring(sorted({each.own_weights for each in plan.variants} - {""}), place)
    with workplace.held(place) if is_first() else paths.rooted(place / workplace.RUNS):
        images = _open_images(plan, job)
        if is_first():
            workplace.begin(place, asked)
        scores = []
        for result in _results(plan, images, job, place):
            on_result(result)
            scores += [result.scores] if result.scores else []
        if not is_first():
            return None
        about = {"source": images.name, "fingerprint": images.fingerprint, "images": len(images)}
        made = ExperimentTable(plan, tuple(rows(plan, scores, images)), _floor(plan, images), about)
        table.write(place, made)
    return made


def _floor(plan: Plan, images: ImageSet) -> Floor | None:
    """What needs no network, fitted and scored as the base with its first seed; None for too few images."""
    settings, seed = plan.base.recipe.data, plan.seeds[0]
    parts = divided(images, settings.division(seed))
    try:
        return floor(images, fewer(parts.train, images.labels, settings, seed), parts.test)
    except DataError:
        return None


def _open_images(plan: Plan, job: Job) -> ImageSet:
    """The images of an experiment, the same for all variants.

    Raises:
        DataError: they are missing, or a variant has no test part.
        TrainingError: earlier trainings in the same folder had other images.
        RecipeError: earlier trainings in the same folder had other settings.
    """
    images = open_training_data(plan.base.recipe.data, job.data, job.layout)
    for variant in plan.variants:
        if variant.recipe.data.source != plan.base.recipe.data.source:
            raise RecipeError(f"{variant.name!r} changes data.source; an experiment has one data set")
        if not len(divided(images, variant.recipe.data.division(variant.recipe.seed)).test):
            raise DataError(
                f"{variant.name!r} leaves no image of {images.name!r} for testing; set data.test or, "
                "if its publisher has test images, data.val above 0"
            )
    for run in plan.runs:
        if run.name in store.folders():
            _refuse_other(run, store.read_card(paths.folder(run.name)), images)
    return images


def _results(plan: Plan, images: ImageSet, job: Job, place: Path) -> Iterator[RunResult]:
    """Train and evaluate what is not done yet; a training that fails does not end the others.

    Only rank 0 evaluates; other ranks get results without scores.
    """
    for number, run in enumerate(plan.runs, start=1):
        if workplace.is_asked_to_stop(place):
            raise Stopped
        job.say(f"{run.variant.name}, seed {run.seed} ({number} of {len(plan.runs)})")
        try:
            folder = _trained(run, replace(job, name=run.name))
            scores = scores_of(run, _evaluated(folder, images, job)) if is_first() else None
        except CoreError as error:
            yield RunResult(run, fault=str(error))
        else:
            yield RunResult(run, scores)


def _trained(run: PlannedRun, job: Job) -> Path:
    """The checkpoint of a run: trained now, continued, or finished earlier."""
    folder, is_there = paths.folder(run.name), run.name in store.folders()
    if is_there and store.read_card(folder).status == "finished":
        return folder
    if apart.is_needed(job):
        return apart.trained_apart(run, job)
    return resume(run.recipe, job) if is_there else train(run.recipe, job)


def _evaluated(folder: Path, images: ImageSet, job: Job) -> Evaluation:
    """The evaluation on the test set: made now, or earlier with the same weights and images."""
    card = store.read_card(folder)
    samples = samples_of(card, images, TEST)
    name = name_for(samples)
    earlier = evaluations.known(folder, name)
    if earlier is None or earlier.facts.key != key_of(card, samples):
        engine = InProcess(best_device(), usual_workers())
        evaluate(folder, samples, engine, keep=Keep(name, job.data, replace=True))
    return evaluations.find(folder, name)


def _refuse_other(run: PlannedRun, card: Card, images: ImageSet) -> None:
    """Raise an error if the run in this folder is of another experiment."""
    changed = recipes.differences(recipes.parse(card.recipe), run.recipe)
    if changed:
        raise RecipeError(
            f"the folder holds {run.name!r} with another {', '.join(changed)}; choose another folder"
        )
    if card.data.get("fingerprint") != images.fingerprint:
        raise TrainingError(f"the folder holds {run.name!r} of other images; choose another folder")
