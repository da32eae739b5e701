"""Safe by default: what the server's settings and the pinned versions promise."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONFIG = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())
PINS = dict(line.split("==") for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line)


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def test_the_server_listens_on_this_machine_alone_and_tells_nobody() -> None:
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert CONFIG["browser"]["gatherUsageStats"] is False


def test_requests_from_other_sites_and_large_uploads_are_refused() -> None:
    server = CONFIG["server"]
    assert server["enableXsrfProtection"] is True
    assert server["enableCORS"] is True
    assert server["maxUploadSize"] == 20
    assert server["enableStaticServing"] is False


def test_the_browser_gets_no_traceback() -> None:
    assert CONFIG["client"]["showErrorDetails"] == "type"


@pytest.mark.parametrize(
    ("package", "floor"), [("streamlit", "1.54"), ("starlette", "1.1"), ("python-multipart", "0.0.31")]
)
def test_known_holes_are_below_the_pinned_versions(package: str, floor: str) -> None:
    """CVE-2026-33682, CVE-2026-48710, and denials of service in the upload parser up to CVE-2026-53540."""
    assert number(PINS[package]) >= number(floor)


def test_everything_is_pinned_exactly() -> None:
    for file in ("requirements.txt", "tests/requirements.txt"):
        for line in (ROOT / file).read_text().splitlines():
            assert re.fullmatch(r"[\w.-]+==[\w.]+", line), line
