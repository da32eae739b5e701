"""A search that was killed goes on, and ends as if it had not been."""

from dataclasses import replace

import pytest
from PIL import Image

from core.checkpoints import store
from core.checkpoints.paths import EXAMPLES
from core.checkpoints.store import Checkpoint
from core.data.image_set import ImageSet
from core.inside.examples import search
from core.inside.examples.search import collect
from core.passes.progress import PassProgress
from tests.support.results.example_search import LAYERS
from tests.support.stored.tiny_evaluation import random_checkpoint


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of two images."""
    monkeypatch.setattr(search, "_SMALLEST", 2)


@pytest.mark.usefixtures("small_parts")
def test_a_killed_pass_goes_on_and_ends_as_if_it_had_not_been(loaded: Checkpoint, images: ImageSet) -> None:
    read_again: list[int] = []

    def image(index: int) -> Image.Image:
        read_again.append(index)
        return images.image(index)

    def kill(progress: PassProgress) -> None:
        if progress.done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(loaded, LAYERS, images, on_progress=kill)
    assert not (loaded.folder / EXAMPLES).exists()
    resumed = collect(loaded, LAYERS, replace(images, image=image))
    assert read_again == list(range(4, 11))
    assert not list((loaded.folder / ".examples").glob("*/*.parquet"))
    other = store.load(random_checkpoint("other"))
    assert resumed.table.equals(collect(other, LAYERS, images).table)
    assert resumed.about.num_broken == 1


@pytest.mark.usefixtures("small_parts")
def test_a_state_of_other_images_or_layers_or_a_damaged_one_is_not_gone_on_from(
    loaded: Checkpoint, images: ImageSet
) -> None:
    def kill(progress: PassProgress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(loaded, LAYERS, images, on_progress=kill)
    started: list[int] = []
    for layers, data in ((LAYERS[:1], images), (LAYERS, replace(images, fingerprint="other"))):
        collect(loaded, layers, data, on_progress=lambda progress: started.append(progress.done))
    (state,) = [*(loaded.folder / ".examples").glob("*/*.parquet")] or [None]
    assert state is None
    assert started.count(0) == 2
    with pytest.raises(KeyboardInterrupt):
        collect(loaded, LAYERS, images, on_progress=kill)
    (state,) = (loaded.folder / ".examples").glob("*/*.parquet")
    state.write_bytes(state.read_bytes()[:100])
    collect(loaded, LAYERS, images, on_progress=lambda progress: started.append(progress.done))
    assert started.count(0) == 3
