"""Callbacks that store history, best weights and resumable state, and report the pace."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint
from torch import Tensor, nn

from core import files
from core.checkpoints import store
from core.checkpoints.card import Card
from core.data.batches import Batch
from core.errors import TrainingError
from core.training.lightning.measures import ALWAYS, MEASURES, Row, best_row
from core.training.runs.run import RunFolder, Stopped

# Writing happens at most this often, and less often where it would take more than this share of the time.
_SAVE_EVERY_S, _SAVING_SHARE = 2.0, 0.02
# Stops are looked for this often: a look at the disk for each step of a small network would slow it.
_LOOK_EVERY_S = 0.1
# Those of states that earlier versions saved.
_ROW = ("epoch", *ALWAYS, "lr", "seconds")


class Keeper(Checkpoint):
    """Writes a row of history after each epoch; from time to time, the best weights and the resumable state.

    Both are written together and the weights first, so that a resumed training finds those of its best
    epoch. Best weights are written however a training ends; only a killed process loses what came after its
    last state, and a resumed training repeats those epochs.

    It is a `Checkpoint`, so that Lightning calls it after all other callbacks, when early stopping has
    decided and metrics are logged. The state is taken at the start of the next epoch: at the end of one,
    Lightning has not stepped a plateau schedule yet. ``ModelCheckpoint`` does not fit, as a checkpoint here
    is a folder with a card, read without unpickling.
    """

    def __init__(
        self,
        run: RunFolder | None,
        whole: nn.Module,
        *,
        best: str,
        stored: str,
        say: Callable[[str], None],
    ) -> None:
        self.run, self.whole, self.best_by, self.stored, self.say = run, whole, best, stored, say
        self.rows: list[dict[str, float]] = []
        self.seconds_before = 0.0  # Of the epochs that an earlier process trained.
        self._began = self._saved = time.monotonic()
        self._saving_s = self._lr = 0.0
        self._best_card: Card | None = None  # Not written yet, as its weights.
        self._best_weights: dict[str, Tensor] = {}

    @property
    def best(self) -> Row | None:
        """The row of the best epoch so far; None before the first."""
        return best_row(self.rows, self.best_by)

    def state_dict(self) -> dict[str, Any]:
        """What Lightning's state stores of this callback."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore it from Lightning's state."""
        self.rows = list(state_dict["rows"])
        if any(not isinstance(row[name], int | float) for row in self.rows for name in _ROW):
            raise TypeError("the history in the saved state is not a table of numbers")
        self.seconds_before = sum(row["seconds"] for row in self.rows)

    def on_save_checkpoint(
        self, _trainer: Trainer, _module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Mark the state as between epochs: resumed inside of one, Lightning skips its validation."""
        progress = checkpoint["loops"]["fit_loop"]["epoch_progress"]
        for counts in (progress["current"], progress["total"]):
            counts["ready"] = counts["completed"]

    def on_train_epoch_start(self, trainer: Trainer, _module: LightningModule) -> None:
        """Save best weights and state, if the last save is long enough ago."""
        self._lr = trainer.optimizers[0].param_groups[0]["lr"]
        # All processes take part in saving, so rank 0 decides.
        pause = max(_SAVE_EVERY_S, self._saving_s / _SAVING_SHARE)
        due = trainer.strategy.broadcast(time.monotonic() - self._saved >= pause)
        if trainer.current_epoch and due:
            self._save(trainer)
        self._began = time.monotonic()

    def on_train_end(self, _trainer: Trainer, _module: LightningModule) -> None:
        """Write the best weights."""
        self._write_best()

    def on_exception(self, _trainer: Trainer, _module: LightningModule, _error: BaseException) -> None:
        """Write the best weights so far."""
        self._write_best()

    def on_train_epoch_end(self, trainer: Trainer, _module: LightningModule) -> None:
        """Add the epoch to the history; store its weights if it is the best."""
        measured = {name: float(trainer.callback_metrics[name]) for name in MEASURES}
        self.rows.append(
            {
                "epoch": trainer.current_epoch + 1,
                **measured,
                "lr": self._lr,
                "seconds": round(time.monotonic() - self._began, 3),
            }
        )
        if not all(math.isfinite(value) for value in measured.values()):
            raise TrainingError(diverged(trainer.current_epoch + 1))
        if self.run is not None and trainer.is_global_zero:
            self._keep(self.run)

    def _keep(self, run: RunFolder) -> None:
        run.keep_history(self.rows)
        best = self.best
        self.say(_line(self.rows[-1], is_best=best is self.rows[-1]))
        if best is self.rows[-1]:
            measured = {name: best[name] for name in MEASURES}
            training = run.card.training | {"best_epoch": int(best["epoch"])}
            self._best_card = replace(run.card, metrics=measured, training=training)
            self._best_weights = self._tensors(run.card.base)
            if run.card.weights_sha256 is None:  # The first ones at once, as there are none.
                self._write_best()

    def _tensors(self, base: str | None) -> dict[str, Tensor]:
        """A copy of the weights to store."""
        own = store.own_tensors(self.whole, base)
        return {name: _stored(value.cpu().clone(), self.stored) for name, value in own.items()}

    def _write_best(self) -> None:
        card, self._best_card = self._best_card, None
        if self.run is not None and card is not None:
            self.run.update(card, self._best_weights)

    def _save(self, trainer: Trainer) -> None:
        began = time.monotonic()
        if self.run is None:
            trainer.save_checkpoint("")  # All processes take part in collecting; only rank 0 writes.
        else:
            self._write_best()
            with files.draft(self.run.state) as draft:
                trainer.save_checkpoint(draft)
        self._saved = time.monotonic()
        self._saving_s = self._saved - began


class Pace(Callback):
    """Reports progress and speed, and stops the training on request."""

    def __init__(self, tick: Callable[..., None], wants_stop: Callable[[], bool], epochs: int) -> None:
        self.tick, self.wants_stop, self.epochs = tick, wants_stop, epochs
        self._images, self._started, self._looked, self._first_epoch = 0, 0.0, 0.0, 0
        self.has_begun = False  # A saved state has been loaded by then.

    def on_train_start(self, trainer: Trainer, _module: LightningModule) -> None:
        """Start the clock, also after a resume."""
        self._started, self._first_epoch = time.monotonic(), trainer.current_epoch
        self.has_begun = True

    def on_train_batch_end(
        self, trainer: Trainer, _module: LightningModule, _outputs: object, batch: Batch, batch_idx: int
    ) -> None:
        """Count the batch's images; report, and look for a request to stop, some times a second."""
        self._images += len(batch[1]) * trainer.world_size
        if not trainer.is_global_zero or time.monotonic() - self._looked < _LOOK_EVERY_S:
            return
        self._looked = time.monotonic()
        share = (batch_idx + 1) / max(1, int(trainer.num_training_batches))
        done = trainer.current_epoch - self._first_epoch + share
        elapsed = time.monotonic() - self._started
        progress = {
            "phase": "training",
            "epoch": trainer.current_epoch + 1,
            "epochs": self.epochs,
            "share": (trainer.current_epoch + share) / self.epochs,
            "images_per_s": self._images / elapsed,
            "left_s": elapsed / done * (self.epochs - self._first_epoch - done),
        }
        try:
            self.tick(**progress)
        except Stopped:
            # One process may stop at once; several must stop together, where all of them check.
            if trainer.world_size == 1:
                raise

    def on_train_epoch_end(self, trainer: Trainer, _module: LightningModule) -> None:
        """Stop several processes together."""
        if trainer.world_size > 1 and trainer.strategy.broadcast(self.wants_stop()):
            raise Stopped


class Seeded(Callback):
    """Seeds each epoch (for dropout) by seed, epoch and process, so that a resumed one draws the same."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_epoch_start(self, trainer: Trainer, _module: LightningModule) -> None:
        """Seed the epoch."""
        torch.manual_seed((self.seed * 1_000_003 + trainer.current_epoch) * 1_009 + trainer.global_rank)


def _line(row: dict[str, float], *, is_best: bool) -> str:
    return (
        f"epoch {row['epoch']:3.0f}  loss {row['train_loss']:.4f} (validation {row['val_loss']:.4f})  "
        f"accuracy {row['train_accuracy']:.4f} (validation {row['val_accuracy']:.4f})"
        f"  {row['seconds']:.1f} s{'  best so far' if is_best else ''}"
    )


def diverged(epoch: int) -> str:
    """The message for a loss that is not a number."""
    return (
        f"the loss became NaN or infinite in epoch {epoch}; lower optimiser.lr, or look for NaN in the "
        "images and weights"
    )


def _stored(tensor: Tensor, kind: str) -> Tensor:
    """The tensors to store: large ones in the recipe's precision, biases and statistics unchanged."""
    return tensor.half() if kind == "float16" and tensor.ndim > 1 else tensor
