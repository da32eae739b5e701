"""The settings of a training by group: data, input, network, optimiser, schedule, loss, best epoch, speed."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from core.data.division import Division

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Positive = Annotated[float, Field(gt=0, le=1_000)]
NotNegative = Annotated[float, Field(ge=0, le=1_000)]
Times = Annotated[float, Field(ge=1, le=1_000)]
AtLeastOne = Annotated[int, Field(ge=1, le=100_000)]
# Larger values are typing errors: a layer of that size has a gigabyte of weights.
Hidden = Annotated[int, Field(ge=1, le=16_384)]
MOST_LAYERS, MOST_WORKERS, LARGEST_SIDE, LARGEST_SEED = 8, 64, 4_096, 2**31 - 1
MOST_PASSES = 1_000
Side = Annotated[int, Field(ge=0, le=LARGEST_SIDE)]


@dataclass(frozen=True, slots=True, config=STRICT)
class Data:
    """The images, and how they are split.

    Attributes:
        source: The data set, by its name; another one may be given when training starts.
        split: ``published`` (the publisher's, if there is one) or ``random``.
        val: Share of the training images used for validation. 0 validates on the publisher's test images;
            without a published split, 0 means 0.2.
        test: Share of all images kept for testing, where the publisher's split has no test part; 0 for none.
        whole_groups: Whether images of one group (one patient, frames of one sign) stay on one side.
        per_class: The most training images per class; 0 takes all.
        imbalance: How many times rarer the last class is made than the largest, in training; 1 for no change.
        swap_backgrounds: Whether each training image gets the background of another one, every epoch anew;
            for data with masks.
        blur_backgrounds: Whether all that is outside the object is blurred in training; for data with masks.
    """

    source: str
    split: Literal["published", "random"] = "published"
    val: Share = 0.2
    per_class: Count = 0
    test: Share = 0.0
    whole_groups: bool = True
    imbalance: Annotated[float, Field(ge=1, le=10_000)] = 1.0
    swap_backgrounds: bool = False
    blur_backgrounds: bool = False

    def __post_init__(self) -> None:
        if self.swap_backgrounds and self.blur_backgrounds:
            raise ValueError("swap_backgrounds and blur_backgrounds exclude each other")

    def division(self, seed: int) -> Division:
        """How these settings divide a data set."""
        return Division(self.split, self.val, seed, self.test, self.whole_groups)


@dataclass(frozen=True, slots=True, config=STRICT)
class Picture:
    """The input of the network, where it differs from the architecture's usual preprocess.

    Attributes:
        size: Side of the input in pixels, up to 4,096; 0 for the usual one.
        resize: Length of the shorter side before the centre crop; 0 squeezes the whole image.
        mean: What is subtracted from each channel, of values from 0 to 1; empty for the usual.
        std: What each channel is divided by afterwards; empty for the usual.
        centred: Subtract from each image the mean of all its values, in training and in use.
    """

    size: Side = 0
    resize: Side = 0
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    centred: bool = False


@dataclass(frozen=True, slots=True, config=STRICT)
class Model:
    """The network, its initial weights, and the part that is trained.

    Attributes:
        architecture: ``timm:NAME``, ``torchvision:NAME`` or ``seewhy:NAME``.
        weights: ``none``, ``imagenet`` (built in), ``pretrained`` (downloaded by the architecture's library)
            or ``checkpoint:NAME``.
        train_from: The name of the first layer to train; ``head`` for the last one only, empty for all.
        hidden: Sizes of additional layers before the last one, each up to 16,384.
        dropout: Share of the features dropped before the last layer, or after each hidden one; below 1.
        inner_dropout: Share dropped by the architecture's own dropout layers, below 1; -1 leaves theirs.
        frozen_norms: Keep batch norm as the initial weights have it: scale, shift and running statistics.
    """

    architecture: str
    weights: Annotated[str, Field(pattern=r"^(none|imagenet|pretrained|checkpoint:.+)$")] = "none"
    train_from: str = ""
    hidden: Annotated[tuple[Hidden, ...], Field(max_length=MOST_LAYERS)] = ()
    dropout: Share = 0.0
    inner_dropout: Annotated[float, Field(ge=-1, lt=1)] = -1.0
    frozen_norms: bool = False


@dataclass(frozen=True, slots=True, config=STRICT)
class Optimiser:
    """The optimiser.

    Attributes:
        name: ``adam``, ``adamw``, ``sgd`` or ``rmsprop``.
        lr: The learning rate, from 0.
        weight_decay: How much weights shrink at each step, from 0; with ``adamw`` apart from the gradient.
        momentum: Share of the last step that is added to the next, below 1; for ``sgd`` and ``rmsprop``.
    """

    name: Literal["adam", "adamw", "sgd", "rmsprop"] = "adam"
    lr: NotNegative = 1e-3
    weight_decay: NotNegative = 0.0
    momentum: Share = 0.0


@dataclass(frozen=True, slots=True, config=STRICT)
class Schedule:
    """How the learning rate falls: by ``factor``, after given epochs or when the validation loss stalls.

    Attributes:
        drop_after: The epochs after which it falls.
        plateau: Epochs without a lower validation loss after which it falls; 0 for never.
        factor: What it is multiplied by, above 0.
    """

    drop_after: tuple[AtLeastOne, ...] = ()
    plateau: Count = 0
    factor: Positive = 0.1


@dataclass(frozen=True, slots=True, config=STRICT)
class Loss:
    """Cross entropy, and how rare classes are weighted.

    Attributes:
        label_smoothing: Share of the target that all classes get equally, below 1.
        class_weights: Weight each class by N / (classes × images of the class).
        oversample: Draw training images with replacement, so that all classes are equally frequent.
        auxiliary: The weight of each auxiliary head's loss, from 0 to 1; GoogLeNet and Inception have such
            heads.
    """

    label_smoothing: Share = 0.0
    class_weights: bool = False
    oversample: bool = False
    auxiliary: Annotated[float, Field(ge=0, le=1)] = 0.0


@dataclass(frozen=True, slots=True, config=STRICT)
class Emphasis:
    """Training images that are like a group of mistakes, and how much they count.

    Attributes:
        found_in: Where the group was found, ``CHECKPOINT/EVALUATION``; empty for no group.
        group: The name of the group.
        weight: How many times as much the loss of such an image counts, from 1 to 1,000.
        drawn: How many times as often such an image is drawn, from 1 to 1,000.
    """

    found_in: str = ""
    group: str = ""
    weight: Times = 1.0
    drawn: Times = 1.0

    def __post_init__(self) -> None:
        if bool(self.found_in) != bool(self.group):
            raise ValueError(
                "found_in and group go together: the evaluation, and a group that was found in it"
            )


@dataclass(frozen=True, slots=True, config=STRICT)
class EpochSelection:
    """Which epoch is kept, when training stops early, and how weights are stored.

    Attributes:
        best: The measure that decides which epoch is best: ``val_accuracy``, ``val_loss``,
            ``val_balanced_accuracy`` (the mean recall of the classes) or ``val_macro_f1`` (their mean F1).
        patience: Epochs without improvement after which training stops; 0 for never.
        min_delta: The smallest difference that counts as an improvement, in units of ``best``.
        baseline: A value of ``best`` that an epoch must pass to count as an improvement; 0 for none.
        stored: ``float32``, or ``float16`` for a file of half the size; small tensors stay ``float32``.
    """

    best: Literal["val_accuracy", "val_loss", "val_balanced_accuracy", "val_macro_f1"] = "val_accuracy"
    patience: Count = 0
    min_delta: NotNegative = 0.0
    baseline: NotNegative = 0.0
    stored: Literal["float32", "float16"] = "float32"

    def __post_init__(self) -> None:
        if (self.min_delta or self.baseline) and not self.patience:
            raise ValueError("min_delta and baseline need a patience of 1 or more")


@dataclass(frozen=True, slots=True, config=STRICT)
class Speed:
    """Settings that change the time and hardly the result.

    Attributes:
        precision: ``32-true``; or, for GPUs, ``16-mixed`` or ``bf16-mixed``.
        accumulate: Batches whose gradients are added before each step.
        workers: Processes that make batches, at most one per core; -1 chooses a number.
        cached_passes: With a frozen part, the number of epochs whose augmented images pass through it; their
            features are kept, and later epochs read them again. 0 augments every epoch anew.
    """

    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"
    accumulate: AtLeastOne = 1
    workers: Annotated[int, Field(ge=-1, le=MOST_WORKERS)] = -1
    cached_passes: Annotated[int, Field(ge=0, le=MOST_PASSES)] = 0
