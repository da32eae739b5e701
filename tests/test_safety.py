"""Safe by default: what the server's settings and the pinned versions promise."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from core import images
from pages._ui.kit import own_model
from pages._ui.kit.pickers import photo_picker
from tests import lock
from tests.support.paths import ROOT

CONFIG = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DIRECT = {
    lock.APP: PROJECT["project"]["dependencies"],
    lock.TESTS: PROJECT["dependency-groups"]["test"],
}
# name==version, and for which systems and versions of Python; then a comment that says what needs it.
PIN = re.compile(r"([\w.-]+==[\w.]+)( ; [^#]+)?\s+# via .+")


def pins(path: Path) -> list[str]:
    """Each ``name==version`` of a generated file; a line of any other form is an error."""
    matches = {line: PIN.fullmatch(line) for line in (ROOT / path).read_text().splitlines()[1:]}
    assert [line for line, match in matches.items() if match is None] == []
    return [match[1] for match in matches.values() if match is not None]


def normalised(pin: str) -> str:
    """The pin with its name as the index compares names."""
    name, version = pin.split("==")
    return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"


def installed(direct: list[str]) -> set[str]:
    """``name==version`` of the packages in this environment that ``direct`` names or needs."""
    found: set[str] = set()
    waiting = [Requirement(each) for each in direct]
    while waiting:
        requirement = waiting.pop()
        distribution = metadata.distribution(requirement.name)
        pin = normalised(f"{requirement.name}=={distribution.version}")
        extras = requirement.extras or {""}
        if pin not in found or requirement.extras:
            needed = [Requirement(each) for each in distribution.requires or ()]
            waiting += [each for each in needed if any(_applies(each, extra) for extra in extras)]
        found.add(pin)
    return found


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def test_the_server_listens_on_this_machine_alone_and_reports_no_usage() -> None:
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert CONFIG["browser"]["gatherUsageStats"] is False


def test_the_server_answers_to_names_of_this_machine_alone() -> None:
    assert set(CONFIG["server"]["allowedHosts"]) == {"localhost", "127.0.0.1", "::1"}


def test_requests_from_other_sites_and_large_uploads_are_refused() -> None:
    server = CONFIG["server"]
    assert server["enableXsrfProtection"] is True
    assert server["enableCORS"] is True
    assert server["maxUploadSize"] == own_model._MAX_WEIGHTS_MB == 250
    assert images.UPLOAD.max_bytes == photo_picker.MAX_PHOTO_MB * 2**20
    assert server["enableStaticServing"] is False


def test_the_browser_gets_no_traceback() -> None:
    assert CONFIG["client"]["showErrorDetails"] == "type"


@pytest.mark.parametrize(
    ("package", "floor"), [("streamlit", "1.54"), ("starlette", "1.1"), ("python-multipart", "0.0.31")]
)
def test_known_holes_are_below_the_pinned_versions(package: str, floor: str) -> None:
    """CVE-2026-33682, CVE-2026-48710, and denials of service in the upload parser up to CVE-2026-53540."""
    versions = [version for name, version in (pin.split("==") for pin in pins(lock.APP)) if name == package]
    assert versions
    assert all(number(version) >= number(floor) for version in versions)


@pytest.mark.parametrize("path", [lock.APP, lock.TESTS], ids=str)
def test_the_lock_has_each_direct_requirement_as_the_project_names_it(path: Path) -> None:
    assert (ROOT / path).read_text().splitlines()[0] == lock.first_line(path)
    assert set(DIRECT[path]) <= set(pins(path))


@pytest.mark.slow
def test_what_is_installed_here_is_what_the_lock_says() -> None:
    """Each package that the project needs, at whatever depth, is pinned, at the version tested here."""
    locked = {normalised(pin) for path in DIRECT for pin in pins(path)}
    unpinned = {pin for path, direct in DIRECT.items() for pin in installed(direct)} - locked
    assert unpinned == set()
