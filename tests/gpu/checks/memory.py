"""What happens when memory runs out: smaller batches, the CPU, or one sentence; never a traceback.

On a GPU the limit is real: a cap, and a ballast that fills what the cap leaves. On a CPU it is pretended: a
pass of too many images raises the error of a GPU.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from unittest import mock

import torch
from torch import Tensor, nn

from core import error_log
from core.checkpoints import paths, store
from core.checkpoints.store import Checkpoint
from core.explain import ascent as core_ascent
from core.explain.ascent.plain import Plain
from core.explanation import asking
from core.explanation.question import Question
from tests.gpu import commands, networks
from tests.gpu.bench import Bench
from tests.gpu.checks import ascent
from tests.gpu.checks.maps import SINGLE, apart
from tests.gpu.checks.training import written_recipe
from tests.gpu.photos import class_folders, photo
from tests.gpu.table import Row
from tests.support.trainings.scarce_memory import room_for

_STEM = 64 * 112 * 112 * 4  # Bytes of the largest activation of one photo in ResNet-18 at 224 pixels.
_SOME = 8 * _STEM  # Room for a few photos; of 16, the largest activation alone is twice that.
_FEWER, _ON_CPU = "GPU memory ran out: using smaller batches", "GPU memory ran out: using the CPU"


def rows(bench: Bench) -> Iterator[Row]:
    """A row for each kind of work with too little memory for all, and for a single image."""
    folder = networks.random("scarce", networks.residual(bench), side=bench.size(64, 224))
    with _batches_of_a_gpu(bench):
        yield from _explanations(bench, networks.loaded(folder, bench.device))
        yield from _ascents(bench, networks.loaded(folder, bench.device).model)
    data = class_folders(bench.folder / "scarce", bench.size(32, 256), (200, 150))
    yield _evaluation(bench, folder, data)
    yield _training(bench, data)


def _explanations(bench: Bench, checkpoint: Checkpoint) -> Iterator[Row]:
    photos = [photo(number, (256, 256)) for number in range(bench.size(4, 16))]
    batch = checkpoint.card.preprocess.batch(photos)
    question = Question(target_layers=("layer4",))

    def maps(some: Tensor) -> tuple[Tensor, set[str]]:
        explained = asking.explain(checkpoint, some, question)
        answers = [answer for each in explained for answer in each]
        raw = torch.stack([torch.from_numpy(answer.maps["layer4"].raw) for answer in answers])
        return raw, {note for answer in answers for note in answer.notes}

    expected, _ = maps(batch)
    for what, num_images, room, note in (
        (f"{len(batch)} photos, room for some", 2, _SOME, _FEWER),
        ("photos, room for none", 0, 0, _ON_CPU),
    ):
        with scarce(bench, num_images, room, checkpoint.model):
            found, notes = maps(batch)
        worst = apart(found.numpy(), expected.numpy())
        said = "; ".join(sorted(notes)) or "no note"
        yield Row(
            f"explanation of {what}", f"{said}; {worst:.1e}", note, ok=note in notes and worst <= SINGLE
        )


def _ascents(bench: Bench, model: nn.Module) -> Iterator[Row]:
    settings = bench.size(Plain(size=(64, 64), steps=2, crop=8), Plain(steps=5))
    channels = range(bench.size(4, 64))

    def done(some: range) -> int:
        return len(ascent.pictures(model, settings, some))

    folded_copy = sum(each.nbytes for each in model.parameters())
    with scarce(bench, 2, 2 * folded_copy + _SOME, model):
        num = done(channels)
    yield Row(
        f"ascent of {len(channels)} channels, room for some",
        f"{num} images",
        f"{len(channels)}",
        ok=num == len(channels),
    )
    with scarce(bench, 0, 0, model):
        said = sentence_of(lambda: done(channels))
    yield Row(
        "ascent, room for no channel", said or "an error without a sentence", "a sentence", ok=bool(said)
    )


def _evaluation(bench: Bench, folder: Path, data: Path) -> Row:
    def evaluate(name: str) -> commands.Ended:
        chosen = ("--data", data, "--split", "all", "--as", name, "--device", bench.device)
        return commands.run("evaluate", folder.name, *chosen)

    room = needed(bench, lambda: evaluate("enough")) // 2
    with scarce(bench, 8, room):
        ended = evaluate("scarce")
    return _ended("evaluation, room for part of a batch", ended)


def _training(bench: Bench, data: Path) -> Row:
    recipe = written_recipe(bench, side=bench.size(32, 224), batch_size=bench.size(16, 128))

    def train(name: str) -> commands.Ended:
        return commands.run("train", recipe, "--data", data, "--out", name)

    room = needed(bench, lambda: train("enough")) // 2
    with scarce(bench, 8, room):
        ended = train("scarce-training")
    card = store.read_card(paths.folder("scarce-training"))
    pieces = card.training.get("pieces", 1)
    said = f"{card.status}, batches in {pieces} pieces"
    return Row(
        "training, room for half a batch", said, "finished, in pieces", ok=not ended.status and pieces > 1
    )


def _ended(what: str, ended: commands.Ended) -> Row:
    said = ended.errors.strip().splitlines()[-1] if ended.status and ended.errors.strip() else "it went on"
    return Row(what, said, "a sentence, or it goes on", ok=not ended.status or ended.is_sentence)


def sentence_of(work: Callable[[], object]) -> str | None:
    """What a page would say of the error that ``work`` raises; None if it raises none, or a bug's."""
    try:
        work()
    except Exception as error:
        return error_log.sentence(error)
    return None


@contextmanager
def scarce(bench: Bench, num_images: int, room: int, model: nn.Module | None = None) -> Iterator[None]:
    """Within the block, ``room`` bytes of GPU memory are left.

    On a CPU, passes of more than ``num_images`` through ``model`` (None: any) run out of memory instead.
    """
    if not bench.is_gpu:
        with room_for(num_images, model):
            yield
        return

    bench.forget_peak()
    kept = torch.empty(room, dtype=torch.uint8, device=bench.device)
    cap = torch.cuda.memory_reserved(bench.device) / bench.total()
    torch.cuda.set_per_process_memory_fraction(cap, bench.index)
    ballast = _filling(bench)
    del kept
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, bench.index)
        ballast.clear()


def _filling(bench: Bench) -> list[Tensor]:
    """Tensors that take what is free within the reserved memory: there, work could go on despite the cap."""
    taken: list[Tensor] = []
    for size in (2**22, 2**20, 2**16, 2**9):
        with suppress(torch.OutOfMemoryError):
            while True:
                taken.append(torch.empty(size, dtype=torch.uint8, device=bench.device))
    return taken


def needed(bench: Bench, work: Callable[[], object]) -> int:
    """Bytes of GPU memory that ``work`` takes at most beside what is there; 0 on a CPU."""
    bench.forget_peak()
    before = torch.cuda.memory_allocated(bench.device) if bench.is_gpu else 0
    work()
    return bench.peak() - before if bench.is_gpu else 0


def _batches_of_a_gpu(bench: Bench) -> AbstractContextManager[object]:
    """On a CPU, explain and ascend several images at once, as on a GPU."""
    if bench.is_gpu:
        return nullcontext()
    stack = ExitStack()
    stack.enter_context(mock.patch.dict(asking._IMAGES_AT_ONCE, cpu=16))
    stack.enter_context(mock.patch.dict(core_ascent._AT_ONCE, cpu=64))
    return stack
