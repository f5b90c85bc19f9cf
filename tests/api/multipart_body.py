"""Multipart bodies by hand: what form libraries send, and what none should."""

from __future__ import annotations

from tests.api.photos import photo

BOUNDARY = "cut-here"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
END = f"--{BOUNDARY}--\r\n".encode()


def part(name: str, content: bytes, file_name: str | bytes | None = None, *headers: str) -> bytes:
    """Write one part of a form; a file name in bytes is sent as it is."""
    disposition = f'Content-Disposition: form-data; name="{name}"'.encode()
    if file_name is not None:
        raw = file_name.encode() if isinstance(file_name, str) else file_name
        disposition += b'; filename="' + raw + b'"'
    return raw_part(disposition, content, *headers)


def raw_part(disposition: bytes, content: bytes, *headers: str) -> bytes:
    """Write one part under a `Content-Disposition` line of any kind."""
    head = b"\r\n".join([disposition, *(header.encode() for header in headers)])
    return f"--{BOUNDARY}\r\n".encode() + head + b"\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    """Close a form of these parts, with a photo and nobody who waits for it."""
    return part("image", photo(), "x") + part("task_type", b"async") + b"".join(parts) + END
