"""Security between browser and pages: accepted hosts and origins, what a page may load, upload limits."""

import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

_POLICY_VIOLATION = 1008
_ANSWERED = "websocket.http.response"  # The web server can refuse a websocket with a text.
_UPLOADS = "/_stcore/upload_file/"
# Of one session: room for more photos than a page keeps, and for the largest weights.
MAX_UPLOADS, MAX_UPLOADED_BYTES = 32, 320 * 2**20


def _inline_scripts() -> str:
    """The hashes of the scripts inside Streamlit's own page: a page may contain no others."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = (hashlib.sha256(each.encode()).digest() for each in scripts)
    return " ".join(f"'sha256-{base64.b64encode(each).decode()}'" for each in hashes)


# Streamlit's browser code writes styles into the page and loads the scripts of components from blobs.
_CONTENT = "; ".join(
    [
        "default-src 'self'",
        f"script-src 'self' blob: {_inline_scripts()}",
        "style-src 'self' 'unsafe-inline' blob:",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": _CONTENT,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Door:
    """ASGI middleware that answers only requests of this server's own pages.

    A request for a foreign host name, or from a page of another site, gets status 403 before Streamlit reads
    it: Streamlit would ask an outside server for this machine's address.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or open one websocket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        reason = refusal(Headers(scope=scope))
        if reason and scope["type"] == "websocket" and _ANSWERED not in scope.get("extensions", {}):
            await WebSocketClose(_POLICY_VIOLATION, reason)(scope, receive, send)
        elif reason:
            await PlainTextResponse(reason, 403, HEADERS)(scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(send))
            _bound_uploads(scope)


MIDDLEWARE = [Middleware(Door)]


def refusal(headers: Headers) -> str | None:
    """Why a request with these headers is refused; None where it is answered."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if not _is_ours(host):
        name = "This address" if host == "" else repr(host[:80])
        return f"{name} is not a name of this server; its owner can add it to server.allowedHosts"
    if origin is not None and urlsplit_or_none(origin) != host.lower():
        return "requests from other sites are refused"
    return None


def urlsplit_or_none(origin: str) -> str | None:
    """Host and port of an origin; None where it has none."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _is_ours(host: str) -> bool:
    """Whether a Host header names this server, by the setting ``server.allowedHosts``."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    patterns = [each.strip().lower().rstrip(".") for each in st.get_option("server.allowedHosts")]
    return bool(name) and any(
        name.endswith(each[1:]) if each.startswith("*.") else each in ("*", name) for each in patterns
    )


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return sent


def _bound_uploads(scope: Scope) -> None:
    """Delete a session's oldest files where it has uploaded too many, or too many bytes."""
    _, is_upload, after = scope["path"].partition(_UPLOADS)
    if scope["type"] == "http" and scope["method"] == "PUT" and is_upload:
        manager = runtime.get_instance().uploaded_file_mgr
        if isinstance(manager, MemoryUploadedFileManager):
            bound(manager, after.partition("/")[0])


def bound(manager: MemoryUploadedFileManager, session: str) -> None:
    """Remove the oldest files of a session beyond `MAX_UPLOADS` or `MAX_UPLOADED_BYTES`; never the newest."""
    kept = list(manager.file_storage.get(session, {}).values())
    while len(kept) > MAX_UPLOADS or (
        len(kept) > 1 and sum(len(each.data) for each in kept) > MAX_UPLOADED_BYTES
    ):
        manager.remove_file(session, kept.pop(0).file_id)
