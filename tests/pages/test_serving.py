"""Whom the server answers, and how much of a session's files it keeps."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import pytest
import streamlit as st
from starlette.datastructures import Headers
from starlette.types import Message, Scope
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from pages._ui import serving


def refused(monkeypatch: pytest.MonkeyPatch, allowed: list[str], **headers: str) -> bool:
    settings: dict[str, Any] = {"server.allowedHosts": allowed}
    monkeypatch.setattr(st, "get_option", settings.__getitem__)
    return serving.refusal(Headers(headers)) is not None


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.:8501", "127.0.0.1:8501", "[::1]:8501", "a.lab.example"]
)
def test_its_own_names_are_answered(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    allowed = ["localhost", "127.0.0.1", "::1", "*.lab.example"]
    assert not refused(monkeypatch, allowed, host=host)
    assert not refused(monkeypatch, allowed, host=host, origin=f"http://{host}")
    assert refused(monkeypatch, allowed, host=host, origin="http://evil.example")


@pytest.mark.parametrize(
    "host", ["evil.example", "lab.example.evil", "lab.example", "", ":8501", "[::1", "127.1"]
)
def test_other_names_are_not(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert refused(monkeypatch, ["localhost", "127.0.0.1", "*.lab.example"], host=host)


def test_any_name_only_where_the_owner_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not refused(monkeypatch, ["*"], host="evil.example")
    assert refused(monkeypatch, [], host="localhost")


@pytest.mark.parametrize(
    "origin", ["null", "http://[", "", "file://", "http://localhost:1", "http://localhost@evil"]
)
def test_a_page_of_another_place_is_refused(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    assert refused(monkeypatch, ["localhost"], host="localhost:8501", origin=origin)


def test_a_websocket_is_refused_with_the_headers_of_all_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "get_option", {"server.allowedHosts": ["localhost"]}.__getitem__)
    scope: Scope = {
        "type": "websocket",
        "headers": [(b"host", b"evil.example")],
        "extensions": {"websocket.http.response": {}},
    }
    answers: list[Message] = []

    async def send(message: Message) -> None:
        answers.append(message)

    # In a thread of its own: after the browser tests, this one has a loop that is running.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, serving.Door(_unasked)(scope, _unasked, send)).result()
    assert (answers[0]["type"], answers[0]["status"]) == ("websocket.http.response.start", 403)
    assert (b"x-frame-options", b"DENY") in answers[0]["headers"]


async def _unasked(*_arguments: object) -> NoReturn:
    raise AssertionError("nothing behind the door is asked")


def sent(manager: MemoryUploadedFileManager, session: str, number: int, size: int) -> list[str]:
    for index in range(number):
        manager.add_file(session, UploadedFileRec(str(index), "a.png", "image/png", b"x" * size))
        serving.bound(manager, session)
    return list(manager.file_storage[session])


def test_a_session_s_oldest_files_go_and_no_other_session_s(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = MemoryUploadedFileManager("/upload")
    monkeypatch.setattr(serving, "MAX_UPLOADED_BYTES", 100)
    assert sent(manager, "other", 3, 1) == ["0", "1", "2"]
    assert sent(manager, "many", 40, 1) == [str(index) for index in range(8, 40)]
    assert sent(manager, "large", 6, 40) == ["4", "5"]
    assert sent(manager, "huge", 2, 101) == ["1"]
    assert len(manager.file_storage["other"]) == 3
