"""The prediction of a training's memory and time: as JSON for another process, and in words."""

from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from core.errors import TrainingError
from core.training.planning.objects import ObjectSizes
from core.training.planning.proposals import Proposal
from core.training.runs.overview import duration
from core.training.summary import Fact


@dataclass(frozen=True, slots=True)
class Forecast:
    """Memory in bytes and times in seconds, measured on two batches after a first one.

    ``memory`` is that of a step of ``batch_size`` images, of ``memory_there``. ``seconds_before`` are spent
    before the first epoch: on images that have not been read yet, and on features.
    """

    device: str
    batch_size: int
    epochs: int
    memory: int
    memory_there: int
    seconds_before: float
    seconds_per_epoch: float
    objects: ObjectSizes | None
    proposals: tuple[Proposal, ...]

    @property
    def seconds(self) -> float:
        """The whole training, if no epoch is left out."""
        return self.seconds_before + self.epochs * self.seconds_per_epoch


def facts(forecast: Forecast) -> list[Fact]:
    """What is predicted, one line each."""
    memory, there = _size(forecast.memory), _size(forecast.memory_there)
    epoch, whole = _short(forecast.seconds_per_epoch), _short(forecast.seconds)
    before = _short(forecast.seconds_before)
    predicted = [
        Fact("Memory", f"about {memory} for a step of {forecast.batch_size} images, of {there}"),
        Fact("Time", f"about {epoch} per epoch, {whole} in all"),
        Fact("Before that", f"about {before} to read the images and compute features"),
        Fact("Estimated from", f"two batches on {forecast.device}"),
    ]
    return [*predicted, *([Fact("Objects", forecast.objects.in_words)] if forecast.objects else [])]


def _size(num_bytes: float) -> str:
    return f"{num_bytes / 1e9:.1f} GB" if num_bytes >= 1e9 else f"{num_bytes / 1e6:.0f} MB"


def _short(seconds: float) -> str:
    """Times below ten seconds with one decimal."""
    if 0 < seconds < 0.1:
        return "0.1 s or less"
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def as_json(forecast: Forecast) -> str:
    """One line, which `parsed` reads."""
    return TypeAdapter(Forecast).dump_json(forecast).decode()


def parsed(text: str) -> Forecast:
    """The forecast that another process printed; TrainingError for anything else."""
    try:
        return TypeAdapter(Forecast).validate_json(text)
    except ValidationError as error:
        raise TrainingError("the prediction could not be read; try again") from error
