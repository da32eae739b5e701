"""Pin every package, direct or not, for Linux, macOS and Windows: ``pip install uv && python tests/lock.py``.

pyproject.toml names the direct requirements; uv adds what they need, with markers for system and Python.
Pinned versions stay, unless one is asked for: ``python tests/lock.py --upgrade-package click``.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

APP, TESTS = Path("requirements.txt"), Path("tests/requirements.txt")
_COMPILE = "uv pip compile --universal --python-version 3.11 --no-header --annotation-style line"
# Only metadata is read. Of the tests' packages grad-cam has no wheel: its metadata must be built.
COMMANDS = {
    APP: f"{_COMPILE} --no-build pyproject.toml -o {APP}",
    TESTS: f"{_COMPILE} --group test -c {APP} -o {TESTS}",
}


def first_line(path: Path) -> str:
    """What a generated file begins with: how to make it again."""
    return f"# Made by python tests/lock.py: {COMMANDS[path]}"


def _compiled(path: Path, extra: list[str]) -> list[str]:
    subprocess.run([*COMMANDS[path].split(), *extra, "--quiet"], cwd=ROOT, check=True)  # noqa: S603 - our own words
    return (ROOT / path).read_text(encoding="utf-8").splitlines()


def main(extra: list[str]) -> None:
    """Write both files; the tests' one holds only what the other does not."""
    app = _compiled(APP, extra)
    pinned = {line.split("==")[0] for line in app}
    tests = [line for line in _compiled(TESTS, extra) if line.split("==")[0] not in pinned]
    for path, lines in ((APP, app), (TESTS, tests)):
        text = "\n".join([first_line(path), *lines])
        (ROOT / path).write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
