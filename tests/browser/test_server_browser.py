"""The server as it is started: whom it answers, and what it lets a browser do with its pages."""

import http.client
from urllib.parse import urlsplit

import pytest

_KNOCK = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def asked(url: str, path: str = "/", **headers: str) -> http.client.HTTPResponse:
    """The server's answer to a request that no browser makes for its own pages."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.putrequest("GET", path, skip_host=True)
    for name, value in ({"Host": urlsplit(url).netloc} | headers).items():
        connection.putheader(name, value)
    connection.endheaders()
    return connection.getresponse()


def test_no_page_may_be_framed_by_another_site(app_url: str) -> None:
    answer = asked(app_url, "/train")
    assert answer.getheader("X-Frame-Options") == "DENY"
    assert "frame-ancestors 'none'" in answer.getheader("Content-Security-Policy", "")
    assert answer.getheader("X-Content-Type-Options") == "nosniff"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:80", "", "[::1", "user@127.0.0.1@evil"]
)
def test_a_foreign_name_for_this_machine_is_not_answered(app_url: str, host: str) -> None:
    assert asked(app_url, "/_stcore/health", Host=host).status in (400, 403)
    assert asked(app_url, "/_stcore/stream", Host=host, Origin=f"http://{host}", **_KNOCK).status in (
        400,
        403,
    )


@pytest.mark.parametrize(
    "origin", ["https://some-site.example", "null", "http://127.0.0.1:1", "http://localhost"]
)
def test_a_page_of_another_site_gets_no_session(app_url: str, origin: str) -> None:
    assert asked(app_url, "/_stcore/stream", Origin=origin, **_KNOCK).status == 403
    assert asked(app_url, "/_stcore/health", Origin=origin).status == 403


def test_our_own_page_gets_a_session(app_url: str) -> None:
    assert asked(app_url, "/_stcore/stream", Origin=app_url, **_KNOCK).status == 101
