"""Errors that the user can act on."""


class CoreError(Exception):
    """The message is one sentence for the user: what was got, then what was expected or what to do."""

    def __str__(self) -> str:
        """The message, also where a worker process of torch has put a traceback before it."""
        text = super().__str__()
        return text.splitlines()[-1].partition(": ")[2] if text.startswith("Caught ") else text


class CheckpointError(CoreError):
    """A checkpoint is missing, damaged, or does not fit its architecture."""


class FileError(CoreError, OSError):
    """A file or folder cannot be read or written; also an OSError, like its cause."""


class AwayError(FileError):
    """A file cannot be read now: it is missing, or its disk or network share does not respond."""


class ClassError(CoreError):
    """No class, or more than one class, has this name."""


class ImageError(CoreError):
    """The file is not an image that can be opened safely."""


class AwayImageError(ImageError):
    """The file of an image cannot be read now; the image itself may be sound."""


class EditError(CoreError):
    """An edit of a photo is unknown, incomplete, or does not fit the photo."""


class LayerError(CoreError):
    """The network has no such layer, or the layer does not suit the method."""


class DataError(CoreError):
    """A data set is missing, empty, or not of the expected form."""


class RecipeError(CoreError):
    """A recipe has an unknown key, a wrong value, or settings that contradict each other."""


class TrainingError(CoreError):
    """A training run cannot start or continue."""


class EvaluationError(CoreError):
    """An evaluation cannot start, or is not finished."""


class FixError(CoreError):
    """A fix cannot be made: the group is unknown, or there is too little data for it."""
