"""Split images into training, validation and test: stratified by class, whole groups, seeded.

Not scikit-learn's: its StratifiedShuffleSplit refuses a class of one image, and its StratifiedGroupKFold has
only shares 1/k and leaves classes without validation images that could have some.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.data.image_set import ImageSet, Labels
from core.errors import DataError

_Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Sorted, disjoint indices of samples; ``test`` may be empty."""

    train: Labels
    val: Labels
    test: Labels


def published_split(images: ImageSet, val_share: float, seed: int, *, test_share: float = 0.0) -> Split:
    """The published split; a part that it lacks is drawn from its training part.

    With a ``val_share`` of 0, the published test part is used for validation. A test part is drawn only for a
    ``test_share`` above 0. Without a published split, or with no ``train`` beside another part, this is
    `random_split`.

    Raises:
        DataError: As `random_split`.
    """
    train, val, test = (_published(images, part) for part in ("train", "val", "test"))
    if not len(train) or not len(val) + len(test):
        return random_split(images, val_share, seed, test_share=test_share)
    if not len(val) and val_share == 0:
        val, test = test, val
    if not len(test):
        train, test = _without_test(images, train, test_share, seed)
    if len(val):
        return Split(train, val, test)
    drawn = _drawn(images, train, val_share, seed)
    return Split(train[~drawn], train[drawn], test)


def random_split(images: ImageSet, val_share: float, seed: int, *, test_share: float = 0.0) -> Split:
    """All parts drawn from all images, ignoring a published split: first the test part, then validation.

    ``test_share`` is of all images, 0 for no test part; ``val_share`` is of the images that are left. Each
    class gives its share. A class of two images or more is in both parts of a draw; a class of one image is
    in training. Groups stay whole: a class of two groups or more is in both parts if the other classes in
    these groups allow it, and shares are met as closely as whole groups can.

    Raises:
        DataError: No class has enough images, or groups, for one of the parts.
    """
    everything = np.arange(len(images), dtype=np.int64)
    rest, test = _without_test(images, everything, test_share, seed)
    drawn = _drawn(images, rest, val_share, seed)
    return Split(rest[~drawn], rest[drawn], test)


def at_most(indices: Labels, labels: Labels, per_class: int, seed: int) -> Labels:
    """At most ``per_class`` indices of each class, drawn at random; ``labels`` (N,) are of all samples."""
    ranks = _ranks(labels[indices], np.random.default_rng(seed))
    return np.sort(indices[ranks < per_class])


def thinned(indices: Labels, labels: Labels, ratio: float, seed: int) -> Labels:
    """Fewer of each class than of the one before, drawn at random, so that the last is ``ratio`` times rarer.

    The numbers fall by a constant factor from the size of the largest class (Cui 2019, arXiv:1901.05555,
    section 5.1); a class that has fewer images keeps them all. ``labels`` (N,) are of all samples.
    """
    own = labels[indices]
    num_classes = int(labels.max()) + 1
    falls = ratio ** -np.linspace(0, 1, num_classes)
    wanted = np.maximum(1, np.rint(np.bincount(own).max() * falls))
    return np.sort(indices[_ranks(own, np.random.default_rng(seed)) < wanted[own]])


def _published(images: ImageSet, part: str) -> Labels:
    if images.published is None:
        return np.empty(0, np.int64)
    return np.flatnonzero(images.published == part).astype(np.int64)


def _without_test(images: ImageSet, indices: Labels, share: float, seed: int) -> tuple[Labels, Labels]:
    """The indices that are left, and those drawn for testing: none for a share of 0."""
    if not share:
        return indices, indices[:0]
    # A stream of its own: the same seed draws the validation part from what is left.
    drawn = _drawn(images, indices, share, (seed, 1), purpose="testing")
    return indices[~drawn], indices[drawn]


def _drawn(
    images: ImageSet,
    indices: Labels,
    share: float,
    seed: int | tuple[int, int],
    *,
    purpose: str = "validation",
) -> _Mask:
    """A mask over the indices: which of them are for validation, or for testing."""
    if not 0 <= share < 1:
        raise ValueError(f"the share for {purpose} must lie in 0 to 1, got {share}")
    if share == 0:
        raise DataError(f"{images.name} has no published validation part; choose a share for it above 0")
    rng, labels = np.random.default_rng(seed), images.labels[indices]
    whole = None if images.groups is None else images.groups[indices]
    drawn = _of_each_class(labels, share, rng) if whole is None else _of_groups(labels, whole, share, rng)
    if not drawn.any():
        what = "images" if whole is None else "groups"
        raise DataError(
            f"every class of {images.name} has too few {what} for {purpose}; expected two in one class"
        )
    return drawn


def _of_each_class(labels: Labels, share: float, rng: np.random.Generator) -> _Mask:
    return _ranks(labels, rng) < _targets(np.bincount(labels), share)[labels]


def _targets(counts: Labels, share: float) -> Labels:
    """The number of validation images of each class: its share, with at least 1 on each side."""
    wanted: Labels = np.rint(counts * share).astype(np.int64)
    return np.clip(wanted, np.minimum(1, counts - 1), counts - 1)


def _ranks(labels: Labels, rng: np.random.Generator) -> Labels:
    """The rank of each sample (N,) in a random order of its class, from 0."""
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    counts = np.bincount(labels)
    ranks = np.empty(len(labels), np.int64)
    ranks[order] = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    return ranks


def _of_groups(labels: Labels, groups: Labels, share: float, rng: np.random.Generator) -> _Mask:
    """A mask of whole groups: one for each class, rare classes first, then groups that improve the shares."""
    _, number = np.unique(groups, return_inverse=True)
    draft = _draft(labels, number, share)
    order = rng.permutation(len(draft.members)).tolist()
    of_class: dict[int, list[int]] = {}
    for group in order:
        for label in draft.members[group]:
            of_class.setdefault(label, []).append(group)
    for candidates in sorted(of_class.items(), key=lambda item: len(item[1])):
        draft.represent(*candidates)
    for group in order:
        draft.take_if_nearer(group)
    return np.isin(number, np.array(sorted(draft.taken), np.int64))


@dataclass(slots=True, eq=False)
class _Draft:
    """The groups taken so far. ``members`` counts images by class for each group; the rest is by class."""

    members: list[dict[int, int]]
    targets: list[int]
    sizes: list[int]
    left: list[int]  # Groups with this class that remain for training.
    given: list[int]  # Images of this class that are for validation.
    taken: set[int] = field(default_factory=set)

    def represent(self, label: int, groups: list[int]) -> None:
        """Take a group for a class without any: the first that improves the shares, or the least harmful."""
        if self.given[label]:
            return
        free = [group for group in groups if self._can_spare(group)]
        if free:
            self._take(next((group for group in free if self._harm(group) < 0), min(free, key=self._harm)))

    def take_if_nearer(self, group: int) -> None:
        if group not in self.taken and self._can_spare(group) and self._harm(group) < 0:
            self._take(group)

    def _can_spare(self, group: int) -> bool:
        return all(self.left[label] > 1 for label in self.members[group])

    def _harm(self, group: int) -> float:
        """The increase of the squared distance to the targets, relative to the size of each class."""
        return sum(
            count * (count + 2 * (self.given[label] - self.targets[label])) / self.sizes[label] ** 2
            for label, count in self.members[group].items()
        )

    def _take(self, group: int) -> None:
        self.taken.add(group)
        for label, count in self.members[group].items():
            self.given[label] += count
            self.left[label] -= 1


def _draft(labels: Labels, number: Labels, share: float) -> _Draft:
    num_classes = int(labels.max()) + 1
    pairs, counts = np.unique(number * num_classes + labels, return_counts=True)
    members: list[dict[int, int]] = [{} for _ in range(int(number.max()) + 1)]
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        members[pair // num_classes][pair % num_classes] = count
    sizes = np.bincount(labels, minlength=num_classes)
    left = np.bincount(pairs % num_classes, minlength=num_classes)
    targets = _targets(sizes, share)
    return _Draft(members, targets.tolist(), sizes.tolist(), left.tolist(), [0] * num_classes)
