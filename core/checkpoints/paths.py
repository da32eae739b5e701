"""Where checkpoints are, and the name of every file in a checkpoint's folder.

`root` has a folder for each checkpoint, ``.logs/NAME.txt`` with the output of a training, and
``.experiments/NAME/`` with the trainings and the table of an experiment. In a folder:

- ``card.json`` says how to rebuild the network; ``model.safetensors`` has its weights.
- ``corrections.csv`` has the decisions on labels that its training applied.
- ``history.csv`` has a row for each epoch; ``progress.json``, ``resume.ckpt``, ``.lock`` and ``.stop`` exist
  while it is trained, ``.validation/`` at its end.
- ``evaluations/NAME/`` has ``evaluation.json`` (data, split, date, weights), ``predictions.parquet`` (a row
  for each sample; beside it the scores of all classes, or histograms of them), ``features.npy`` (the pooled
  penultimate features of each sample), ``properties.parquet`` (brightness, size … and metadata of each
  sample) and ``metrics.json``; ``groups.json`` if groups of mistakes were found.
  An unfinished evaluation is in ``evaluations/.NAME/``, its output in ``evaluations/.NAME.log``.
- ``group_tests.json`` has the groups of mistakes that are kept as tests.
- ``examples.parquet`` has the patches that excite each channel most, ``.examples/`` an unfinished search.
- ``concepts/LAYER/`` has ``concepts.json`` (what the concepts of a layer contribute in each photo),
  ``directions.npy`` (the concepts) and ``concept.N.png`` (its patches); ``.concepts/`` an unfinished search.
- ``trust.json`` says which maps of this network can be believed, ``trust.parquet`` has the tests of each map;
  ``.trust/`` an unfinished run of these tests.
- ``local.json``, also in the folders of evaluations, says where the images are on this machine;
  ``trust.local.json``, where the photos of the tests are.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.files import places

VARIABLE = "SEEWHY_CHECKPOINTS"
BUILT_IN = "imagenet"  # The checkpoint whose weights are installed with the project.

CARD = "card.json"
WEIGHTS = "model.safetensors"
NEXT_WEIGHTS = f".{WEIGHTS}.next"  # See `core.checkpoints.store.update`.
LOCAL = "local.json"

CORRECTIONS = "corrections.csv"
HISTORY, PROGRESS, STATE = "history.csv", "progress.json", "resume.ckpt"
LOCK, STOP = ".lock", ".stop"
_LOGS = ".logs"
EXPERIMENTS = ".experiments"

EVALUATIONS, VALIDATION_WORK = "evaluations", ".validation"
FACTS, PREDICTIONS, METRICS = "evaluation.json", "predictions.parquet", "metrics.json"
FEATURES, PROPERTIES = "features.npy", "properties.parquet"
GROUPS, GROUP_TESTS = "groups.json", "group_tests.json"

EXAMPLES, EXAMPLES_WORK = "examples.parquet", ".examples"
CONCEPTS, CONCEPTS_WORK = "concepts", ".concepts"
CONCEPTS_FILE, DIRECTIONS = "concepts.json", "directions.npy"
TRUST, TRUST_TABLE, TRUST_WORK = "trust.json", "trust.parquet", ".trust"
TRUST_LOCAL = "trust.local.json"


def root() -> Path:
    """The folder of checkpoints: the one that ``SEEWHY_CHECKPOINTS`` names, else the project's own."""
    return places.named(VARIABLE) or Path(__file__).parents[2] / "checkpoints"


@contextmanager
def rooted(folder: Path) -> Iterator[None]:
    """Let this process, and those that it starts, keep checkpoints in ``folder`` while the block runs."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(folder.absolute())
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def folder(name: str) -> Path:
    """The folder of a checkpoint, whether it exists or not."""
    return root() / name


def training_log(name: str) -> Path:
    """The file with the output of a training."""
    return root() / _LOGS / f"{name}.txt"


def fix_lock(name: str) -> Path:
    """The lock held by the process that makes a fix of this name."""
    return root() / _LOGS / f"{name}.fix.lock"


def scores(table: Path) -> Path:
    """The file with the scores of all classes beside a predictions table, if they are kept."""
    return _beside(table, "scores")


def histograms(table: Path) -> Path:
    """The file with histograms of the scores, if these are kept instead."""
    return _beside(table, "histograms")


def features(part: Path) -> Path:
    """The file with the features beside a part of a predictions table."""
    return _beside(part, "features")


def _beside(table: Path, what: str) -> Path:
    return table.with_name(f"{table.name.removesuffix('.parquet')}.{what}.npy")
