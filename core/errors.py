"""What can go wrong in a way that a person at the screen can mend."""


class CoreError(Exception):
    """Its text is one sentence for the user: what was got, then what was expected or what to do."""

    def __str__(self) -> str:
        """The sentence, also where a worker process of torch has sent it as a traceback's last line."""
        text = super().__str__()
        return text.splitlines()[-1].partition(": ")[2] if text.startswith("Caught ") else text


class CheckpointError(CoreError):
    """A checkpoint is missing, damaged, or does not fit its architecture."""


class FileError(CoreError, OSError):
    """A file or folder cannot be read or written; an OSError too, as its cause is."""


class AwayError(FileError):
    """A file cannot be read at present: it is missing, or its disk or share does not answer."""


class ClassError(CoreError):
    """No class, or more than one, goes by the name that was asked for."""


class ImageError(CoreError):
    """The bytes are not an image that can be opened safely."""


class AwayImageError(ImageError):
    """The file of an image cannot be read at present, which says nothing about the image."""


class LayerError(CoreError):
    """The model has no such layer, or the layer cannot be explained that way."""


class DataError(CoreError):
    """A data set is missing, empty, or not what it was said to be."""


class RecipeError(CoreError):
    """A recipe has an unknown key, a wrong value, or settings that do not go together."""


class TrainingError(CoreError):
    """A training run cannot start or go on."""


class EvaluationError(CoreError):
    """An evaluation cannot start, or cannot be finished yet."""
