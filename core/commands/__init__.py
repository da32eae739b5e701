"""The commands of ``python -m core``: one module for each group of commands."""

import argparse
import importlib

# Of each command the module, which has ``add_COMMAND`` for its options, and what it does.
COMMANDS = {
    "layers": ("layers", "list the layers of a network: name, type, output shape, parameters"),
    "explain": ("explaining", "save prediction and heat map of each image"),
    "edit": ("editing", "edit photos, and save prediction and heat map before and after"),
    "regions": ("regions", "find how small a part of a photo suffices, and which one flips the prediction"),
    "import": ("explaining", "make a checkpoint from your own weights"),
    "activations": ("inside", "save the activations of all channels of a layer for each image"),
    "filters": ("filters", "make the image that excites each channel most"),
    "examples": ("examples", "find the nine image patches that excite each channel most"),
    "concepts": ("concepts", "find parts of a layer's activations that sum to the logit, and their patches"),
    "data": ("data_sets", "list, inspect and download data sets"),
    "recipes": ("training", "list the built-in recipes"),
    "plan": ("planning", "predict memory and time of a training, and list the layers of its network"),
    "train": ("training", "train a classifier by a recipe; makes a checkpoint"),
    "experiments": ("experimenting", "list the built-in experiments"),
    "experiment": ("experimenting", "train variants that differ in one thing; makes one table of them"),
    "evaluate": ("evaluating", "save predictions and metrics of a checkpoint on a data set"),
    "groups": ("grouping", "find what mistakes have in common: groups of samples that are wrong more often"),
    "labels": ("labelling", "list labels of a data set that may be wrong"),
    "fix": ("fixing", "make a checkpoint from another for a group of its mistakes, with proof"),
    "drift": ("drifting", "test whether new photos are like those of an evaluation"),
    "objects": ("objects", "measure objects with masks, and how much of each map's heat is on them"),
    "stress": ("stressing", "measure accuracy on photos that are made worse in steps"),
    "trust": ("trusting", "test which method, at which layer, can be believed for a checkpoint"),
}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", chosen: str) -> None:
    """Add all commands, with the options of the chosen one only: its module takes seconds to import."""
    for name, (module, what) in COMMANDS.items():
        parser = commands.add_parser(name, help=what)
        if name == chosen:
            getattr(importlib.import_module(f"{__name__}.{module}"), f"add_{name}")(parser)
