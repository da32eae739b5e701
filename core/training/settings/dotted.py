"""Nested settings and their dotted keys: ``{"optimiser": {"lr": 0.1}}`` has the key ``optimiser.lr``."""

from collections.abc import Mapping
from typing import Any

Settings = dict[str, Any]


def flat(settings: Mapping[str, Any], prefix: str = "") -> Settings:
    """Every setting by its dotted key."""
    dotted: Settings = {}
    for key, value in settings.items():
        dotted |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return dotted


def nested(dotted: Mapping[str, Any]) -> Settings:
    """The inverse of `flat`."""
    settings: Settings = {}
    for key, value in dotted.items():
        *tables, name = key.split(".")
        table = settings
        for each in tables:
            table = table.setdefault(each, {})
        table[name] = value
    return settings


def merged(settings: Mapping[str, Any], change: Mapping[str, Any]) -> Settings:
    """Nested settings with those of ``change`` in their place."""
    both = dict(settings)
    for key, value in change.items():
        inner = both.get(key)
        are_tables = isinstance(inner, Mapping) and isinstance(value, Mapping)
        both[key] = merged(inner, value) if are_tables else value  # type: ignore[arg-type]
    return both
