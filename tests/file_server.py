"""A file server on this machine, that can also do what file servers should not."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from deploy.local.servers.ports import LOOPBACK


@dataclass(frozen=True)
class Answer:
    body: bytes = b""
    status: int = 200
    location: str = ""
    #: None: not announced; the end of the connection is the end of the file.
    announced_bytes: int | None = None


@dataclass(frozen=True)
class FileServer:
    url: str
    #: Path → what is answered.
    answers: dict[str, Answer] = field(default_factory=dict)
    #: The paths asked for.
    asked: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def serve(self, path: str, body: bytes) -> str:
        """Have a file, and say where."""
        return self.answer(path, Answer(body, announced_bytes=len(body)))

    def answer(self, path: str, answer: Answer) -> str:
        self.answers[path] = answer
        return self.url + path


@contextmanager
def running_file_server(context: ssl.SSLContext | None = None) -> Iterator[FileServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            files.asked.append(self.path)
            answer = files.answers.get(self.path, Answer(status=404))
            self.send_response(answer.status)
            if answer.location:
                self.send_header("Location", answer.location)
            if answer.announced_bytes is not None:
                self.send_header("Content-Length", str(answer.announced_bytes))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        files = FileServer(f"{'https' if context else 'http'}://{LOOPBACK}:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield files
        finally:
            server.shutdown()
            thread.join()
