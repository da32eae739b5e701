"""A browser's part of the conversation with the server: a real websocket, real uploads, nothing drawn."""

import asyncio
import json
import re
import time
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs, UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_XSRF = re.compile(r"_streamlit_xsrf=([^;]+)")


@dataclass(slots=True)
class Visitor:
    """One session. Each act waits for what it names, so that times can be taken around it."""

    url: str
    socket: Any
    headers: dict[str, str]
    session_id: str = ""
    uploader: str = ""
    files: list[UploadedFileInfo] = field(default_factory=list)
    hashes: dict[str, ForwardMsg] = field(default_factory=dict)
    exceptions: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    query: str = ""

    async def open(self, page: str = "explain", query: str = "") -> None:
        """Open a page, and wait until it stands."""
        self.query = query
        await self._rerun(page_name=page)
        await self.until(lambda message: message.WhichOneof("type") == "script_finished")

    async def drop(self, name: str, content: bytes) -> float:
        """Drop a photo beside the others; gives the seconds until its heat map is here."""
        started = time.perf_counter()
        await self._upload(name, content)
        await self._rerun()
        await self.until(lambda message: named(message).startswith(name))
        return time.perf_counter() - started

    async def until(self, is_it: Callable[[ForwardMsg], bool], seconds: float = 120) -> ForwardMsg:
        """Listen up to and with the first message that is the one waited for."""
        async with asyncio.timeout(seconds):
            while True:
                message = self._kept(ForwardMsg.FromString(await self.socket.recv()))
                self._note(message)
                if is_it(message):
                    return message

    async def settle(self) -> None:
        """Listen until the page has finished, and has begun no other run for a moment."""
        running = True
        while True:
            try:
                await self.until(_turns, 60 if running else 0.25)
                running = not running
            except TimeoutError:
                return

    async def _rerun(self, page_name: str = "explain", fragment_id: str = "") -> None:
        message = BackMsg()
        asked = message.rerun_script
        asked.page_name, asked.query_string, asked.fragment_id = page_name, self.query, fragment_id
        asked.cached_message_hashes.extend(self.hashes)
        if self.uploader:
            state = asked.widget_states.widgets.add(id=self.uploader)
            state.file_uploader_state_value.uploaded_file_info.extend(self.files)
        await self.socket.send(message.SerializeToString())

    async def _upload(self, name: str, content: bytes) -> None:
        message = BackMsg()
        message.file_urls_request.request_id = uuid.uuid4().hex
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self.session_id
        await self.socket.send(message.SerializeToString())
        answer = await self.until(lambda each: each.WhichOneof("type") == "file_urls_response")
        place = answer.file_urls_response.file_urls[0]
        await asyncio.to_thread(self._put, place, name, content)
        info = UploadedFileInfo(name=name, size=len(content), file_id=place.file_id, file_urls=place)
        self.files.append(info)

    def _put(self, place: FileURLs, name: str, content: bytes) -> None:
        edge = uuid.uuid4().hex
        opening = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'
        body = opening.encode() + content + f"\r\n--{edge}--\r\n".encode()
        headers = {**self.headers, "Content-Type": f"multipart/form-data; boundary={edge}"}
        request = urllib.request.Request(  # noqa: S310 - our own server
            self.url + place.upload_url, body, headers, method="PUT"
        )
        with urllib.request.urlopen(request, timeout=120):  # noqa: S310
            pass

    def _kept(self, message: ForwardMsg) -> ForwardMsg:
        """The message, or the one that it says is known here already."""
        if message.WhichOneof("type") == "ref_hash":
            known = self.hashes[message.ref_hash]
            known.metadata.CopyFrom(message.metadata)
            return known
        if message.metadata.cacheable:
            self.hashes[message.hash] = message
        return message

    def _note(self, message: ForwardMsg) -> None:
        if message.WhichOneof("type") == "new_session":
            self.session_id = message.new_session.initialize.session_id
        element = message.delta.new_element
        if element.WhichOneof("type") == "file_uploader":
            self.uploader = element.file_uploader.id
        if named(message):
            self.names.add(named(message).partition(":")[0])
        if element.WhichOneof("type") == "exception":
            self.exceptions.append(f"{element.exception.type}: {element.exception.message}")


async def visit(url: str) -> Visitor:
    """Connect as a browser does: with the cookie against foreign requests."""
    headers = await asyncio.to_thread(_cookie, url)
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    token = headers["X-Xsrftoken"]
    socket = await websockets.connect(
        address, subprotocols=["streamlit", token], max_size=2**26, compression=None, ping_interval=None
    )
    return Visitor(url, socket, headers)


def named(message: ForwardMsg) -> str:
    """What the heat map that a message brings is called, the photo's name first; empty for other messages."""
    component = message.delta.new_element.bidi_component
    if "seewhy_viewer" not in component.component_name:
        return ""
    data = json.loads(component.json or component.mixed.json)
    return str(data["alt"]) if data["heat"] else ""


def _turns(message: ForwardMsg) -> bool:
    return message.WhichOneof("type") in {"new_session", "script_finished"}


def _cookie(url: str) -> dict[str, str]:
    with urllib.request.urlopen(f"{url}/_stcore/health", timeout=20) as answer:  # noqa: S310
        found = _XSRF.search(answer.headers.get("Set-Cookie", ""))
    token = found[1] if found else ""
    return {"Cookie": f"_streamlit_xsrf={token}", "X-Xsrftoken": token}
