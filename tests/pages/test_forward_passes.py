"""How often a network runs for what a page shows: once for a photo, whatever is asked about it."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib.resources import files
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from core.explain.network.layers import stages
from core.explanation.asking import explain
from core.explanation.question import Question, Score
from pages._ui.session.checkpoints import models
from pages._ui.session.question import answers
from pages._ui.session.question.photos import Photo, as_photo
from tests.support.pages.looking import component, opened
from tests.support.stored.second_digits import second_digits

Counted = Callable[[str], int]


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    answers._kept.clear()


@pytest.fixture
def num_passes() -> Iterator[Counted]:
    """How often a checkpoint's network has run since the last call; the first call begins to count."""
    with ExitStack() as hooks:
        passes: dict[str, list[int]] = {}

        def since(name: str) -> int:
            if name not in passes:
                hooks.enter_context(_counting(name, passes.setdefault(name, [])))
            number = len(passes[name])
            passes[name].clear()
            return number

        yield since


@contextmanager
def _counting(name: str, passes: list[int]) -> Iterator[None]:
    hook = models.load(name).checkpoint.model.register_forward_hook(lambda *_: passes.append(1))
    yield
    hook.remove()


def _cat() -> Photo:
    return as_photo("chelsea.png", (files("skimage.data") / "chelsea.png").read_bytes())


def _stages(name: str) -> tuple[str, ...]:
    return tuple(layer.name for layer in stages(models.load(name).layers))


@pytest.mark.slow
def test_explain_runs_the_network_once_for_a_photo_and_all_questions_about_it(num_passes: Counted) -> None:
    num_passes("imagenet")
    page = opened("pages/explain.py", photo="chelsea.png", checkpoint="imagenet")
    assert not page.exception
    assert num_passes("imagenet") == 1
    for key, choice in {
        "class-imagenet": "lynx",
        "against-imagenet": "tabby",
        "method": "layer_cam",
        "layer-imagenet": "blocks.1",
    }.items():
        page.selectbox(key=key).select(choice).run()
        assert not page.exception
        assert num_passes("imagenet") == 0
    assert "Why lynx, and not tabby" in component(page, "cells")["alt"]


def test_explain_records_a_layer_from_the_address_in_the_first_pass(num_passes: Counted) -> None:
    num_passes("imagenet")
    page = opened("pages/explain.py", photo="chelsea.png", checkpoint="imagenet", at="blocks.3")
    assert not page.exception
    assert component(page, "cells")["shape"] == [14, 14]
    assert num_passes("imagenet") == 1


def test_a_class_against_another_takes_no_further_pass(num_passes: Counted) -> None:
    num_passes("imagenet")
    page = opened(
        "pages/explain.py",
        photo="chelsea.png",
        checkpoint="imagenet",
        why="tabby",
        against="lynx",
    )
    assert not page.exception
    assert num_passes("imagenet") == 1


def test_the_four_pictures_of_a_sample_take_one_pass(num_passes: Counted) -> None:
    num_passes("digits")
    page = opened("pages/mistakes.py", checkpoint="digits", sample="digits/677")
    assert not page.exception
    assert num_passes("digits") == 1


@pytest.mark.slow
def test_a_sample_of_two_checkpoints_takes_one_pass_of_each(num_passes: Counted) -> None:
    with second_digits(f"test-forward-passes-{os.getpid()}") as second:
        num_passes("digits"), num_passes(second)
        page = opened("pages/compare.py", checkpoint="digits", sample="digits/677", **{"with": second})
        assert not page.exception
        assert (num_passes("digits"), num_passes(second)) == (1, 1)


@pytest.mark.slow
def test_answers_are_those_of_a_pass_of_their_own() -> None:
    loaded, photo = models.load("imagenet"), _cat()
    question = Question("layer_cam", _stages("imagenet"), (Score(281), Score(287), Score(281, 287)))
    logits = answers.logits(photo, loaded, _stages("imagenet"))
    ours = answers.answers(photo, loaded, question)
    expected = explain(loaded.checkpoint, models.batch_of(photo, loaded), question)[0]
    for one, other in zip(ours, expected, strict=True):
        assert torch.equal(logits, other.logits)
        assert (one.class_idx, one.against) == (other.class_idx, other.against)
        assert all(np.array_equal(one.maps[layer].raw, other.maps[layer].raw) for layer in other.maps)


@pytest.mark.slow
def test_what_is_known_of_a_question_is_not_computed_again(num_passes: Counted) -> None:
    loaded, photo = models.load("imagenet"), _cat()
    num_passes("imagenet")
    (first,) = answers.answers(photo, loaded, Question("saliency", scores=(Score(281),)))
    assert num_passes("imagenet") == 2  # For the logits, and of the method itself.
    both = Question("saliency", scores=(Score(287), Score(281)))
    assert not answers.is_answered(photo, loaded, both)
    assert answers.answers(photo, loaded, both)[1] is first
    assert num_passes("imagenet") == 1
    assert answers.is_answered(photo, loaded, both)


def test_the_map_of_the_last_layer_is_known_before_those_of_the_stages() -> None:
    loaded, photo = models.load("imagenet"), _cat()
    question = Question(target_layers=_stages("imagenet"))
    first = answers.soonest(photo, loaded, question, "bn2")
    assert list(first.maps) == ["bn2"]
    assert not answers.is_answered(photo, loaded, question)
    whole = answers.soonest(photo, loaded, question, "blocks.1")
    assert set(whole.maps) == set(question.target_layers)
    assert answers.soonest(photo, loaded, question, "bn2") is whole


@pytest.mark.slow
def test_on_a_gpu_no_pass_is_kept_and_the_answers_are_the_same() -> None:
    """A device by another name than "cpu" stands for the card."""
    loaded, photo = models.load("imagenet"), _cat()
    card = replace(loaded, checkpoint=replace(loaded.checkpoint, device="cpu:0"))
    question = Question(target_layers=_stages("imagenet"), scores=(Score(), Score(281)))
    logits = answers.logits(photo, card, question.target_layers)
    first = answers.soonest(photo, card, replace(question, scores=(Score(),)), "bn2")
    assert list(first.maps) == list(question.target_layers)
    explained = answers.answers(photo, card, question)
    assert not answers._kept().passes
    expected = explain(loaded.checkpoint, models.batch_of(photo, loaded), question)[0]
    for one, other in zip(explained, expected, strict=True):
        assert torch.equal(logits, other.logits)
        assert all(np.array_equal(one.maps[layer].raw, other.maps[layer].raw) for layer in other.maps)


def test_few_passes_are_kept_and_the_oldest_goes() -> None:
    loaded = models.load("digits")
    for shade in range(4):
        pixels = np.full((8, 8, 3), shade, np.uint8)
        photo = Photo(f"shade {shade}", "", _png(pixels))
        answers.logits(photo, loaded, ())
    kept = [key[0] for key in answers._kept().passes]
    assert kept == ["shade 2", "shade 3"]
    assert len(answers._kept().logits) == 4


def test_passes_of_a_large_network_are_limited_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = models.load("digits")
    shades = [Photo(f"shade {shade}", "", _png(np.full((8, 8, 3), shade, np.uint8))) for shade in range(3)]
    answers.logits(shades[0], loaded, ("block1",))
    (first,) = answers._kept().passes.values()
    one = first.num_bytes()
    for most, expected in ((2 * one, ["shade 1", "shade 2"]), (2 * one - 1, ["shade 2"])):
        monkeypatch.setattr(answers, "_MOST_BYTES", most)
        answers._kept().logits.clear()
        answers._kept().passes.clear()
        for shade in shades:
            answers.logits(shade, loaded, ("block1",))
        assert [key[0] for key in answers._kept().passes] == expected


def _png(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
