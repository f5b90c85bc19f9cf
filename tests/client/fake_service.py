"""A service that does what a test wants, and answers by the letter of the OpenAPI document."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

from api.answers import should_retry
from deploy.local.servers.ports import LOOPBACK
from shared.errors import CATALOGUE, ErrorCode
from tests.api.document_check import check_answer
from tests.pictures import encoded, photo

KEY = "the-right-key"
PNG = encoded(photo())

#: Looks at the next request before the service does; what it returns is the answer.
Interception = Callable[[], Response | None]


@dataclass
class FakeJob:
    """A job, which is done when it has been asked for so many times."""

    photo: bytes
    fields: dict[str, str]
    lag: int
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    error: ErrorCode | None = None

    @property
    def forms(self) -> list[str]:
        return self.fields.get("outputs", "cutout").split(",")


class FakeService:
    """Keeps jobs in memory."""

    def __init__(self) -> None:
        self.url = ""
        self.jobs: dict[str, FakeJob] = {}
        self.by_key: dict[str, FakeJob] = {}
        #: How often each Idempotency-Key came.
        self.posts: Counter[str] = Counter()
        #: All that was asked, as `GET /v1/jobs`.
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.intercept: Interception = lambda: None
        #: How often a job is asked for before it is done.
        self.lag = 0
        #: What becomes of a photo: the error of its job, or None.
        self.fate: Callable[[bytes], ErrorCode | None] = lambda _: None
        #: What was wrong with an answer of this very class.
        self.broken: list[str] = []
        self._lock = threading.Lock()

    def app(self) -> Flask:
        app = Flask(__name__)
        app.add_url_rule("/v1/jobs", view_func=self._create, methods=["POST"])
        app.add_url_rule("/v1/jobs", view_func=self._list, methods=["GET"])
        app.add_url_rule("/v1/jobs/<task_id>", view_func=self._show, methods=["GET"])
        app.add_url_rule("/v1/jobs/<task_id>", view_func=self._erase, methods=["DELETE"])
        app.add_url_rule("/results/<task_id>/<name>", view_func=self._result)
        app.before_request(self._look)
        app.after_request(self._check)
        return app

    def _look(self) -> Response | None:
        self.asked.append(f"{request.method} {request.path}")
        self.agents.add(str(request.headers.get("User-Agent")))
        if request.path.startswith("/results/"):
            assert "Authorization" not in request.headers
            return self.intercept()
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            answer = refusal(ErrorCode.ERROR_USER_NOT_EXISTS)
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        return self.intercept()

    def _check(self, answer: Response) -> Response:
        answer.headers["X-Request-ID"] = "0d9c"
        if not request.path.startswith("/results/") and answer.mimetype != "text/html":
            try:
                check_answer(request.method, request.path, answer)  # type: ignore[arg-type]
            except Exception as error:  # noqa: BLE001 (the client must not see it as an answer)
                self.broken.append(f"{request.method} {request.path}: {error}")
        return answer

    def _create(self) -> Response:
        key = request.headers["Idempotency-Key"]
        with self._lock:
            self.posts[key] += 1
            job = self.by_key.get(key)
            if job is None:
                content = request.files["image"].read()
                job = FakeJob(content, request.form.to_dict(), self.lag, error=self.fate(content))
                self.by_key[key] = self.jobs[job.id] = job
        answer = jsonify(self._envelope(job, 200 if job.lag == 0 else 202))
        answer.status_code = 200 if job.lag == 0 else 202
        answer.headers["Location"] = f"/v1/jobs/{job.id}"
        if job.lag:
            answer.headers["Retry-After"] = "1"
        return answer

    def _list(self) -> Response:
        ids = [text for text in request.args.get("ids", "").split(",") if text]
        envelope = _envelope(2)
        if not ids:
            envelope["data"] = {"jobs": [], "next_cursor": ""}
            return jsonify(envelope)
        items = [self._item(task_id) for task_id in ids]
        envelope["data"] = {"jobs": items}
        answer = jsonify(envelope)
        if any(item["task_status"] < 2 for item in items):
            answer.headers["Retry-After"] = "1"
        return answer

    def _item(self, task_id: str) -> dict[str, Any]:
        job = self.jobs.get(task_id)
        if job is None:
            code = ErrorCode.ERROR_RESOURCE_NOT_FOUND
            told = {**_envelope(3, code), "task_id": task_id}
            status, created = "unknown", None
        else:
            told = self._envelope(self._ask(job))
            status = ("queued", "processing", "succeeded", "failed")[told["task_status"]]
            created = "2026-11-23T12:00:00.000Z"
        kept = ("task_id", "log_id", "task_status", "error_detail", "data")
        return {
            **{name: told[name] for name in kept if name in told},
            "status": status,
            "created_at": created,
            "finished_at": None,
            "expires_at": None,
            "reference": "",
            "metadata": {},
        }

    def _show(self, task_id: str) -> Response:
        if task_id not in self.jobs:
            return refusal(ErrorCode.ERROR_RESOURCE_NOT_FOUND)
        answer = jsonify(self._envelope(self._ask(self.jobs[task_id])))
        answer.headers["Retry-After"] = "1"
        return answer

    def _erase(self, task_id: str) -> Response:
        if self.jobs.pop(task_id, None) is None:
            return refusal(ErrorCode.ERROR_RESOURCE_NOT_FOUND)
        answer = Response(status=204)
        del answer.headers["Content-Type"]
        return answer

    def _result(self, task_id: str, name: str) -> Response:
        job = self.jobs[task_id]
        # Each picture is another one: what lies behind the end of a PNG changes nothing.
        mark = hashlib.sha256(job.photo + name.encode()).digest()
        return Response(PNG + mark, mimetype="image/png")

    def _ask(self, job: FakeJob) -> FakeJob:
        with self._lock:
            job.lag = max(0, job.lag - 1)
        return job

    def _envelope(self, job: FakeJob, ok: int = 200) -> dict[str, Any]:
        told = _envelope(1 if job.lag else 3 if job.error else 2, None if job.lag else job.error)
        told |= {"task_id": job.id, "task_type": "async", "reference": "", "metadata": {}}
        if not job.error or job.lag:
            told["error_detail"]["status_code"] = ok
        if told["task_status"] == 2:
            told["data"] = self._data(job)
        return told

    def _data(self, job: FakeJob) -> dict[str, Any]:
        classes = [word for word in job.fields.get("cloth_class", "").split(",") if word]
        outputs = {
            form: {
                "image_url": f"{self.url}/results/{job.id}/{form}.png",
                # Hats are never there.
                "class_url": {
                    word: f"{self.url}/results/{job.id}/{word}-{form}.png" if word != "hat" else ""
                    for word in classes
                },
            }
            for form in job.forms
        }
        first = outputs[job.forms[0]]
        doubtful = b"doubtful" in job.photo
        return {
            "elements": [{name: url} for name, url in first.items()],
            "outputs": outputs,
            "report": {
                "box": {"x": 1, "y": 2, "width": 30, "height": 40},
                "share": 0.2,
                "cut_sides": [],
                "scale": 1.0,
                "fill": 0.5,
                "white": None,
                "look": doubtful,
                "reasons": ["unsure"] if doubtful else [],
            },
        }


def refusal(code: ErrorCode, retry_after: int | None = None) -> Response:
    """Write an error as the service does."""
    answer = jsonify(_envelope(3, code))
    answer.status_code = CATALOGUE[code].http_status
    answer.headers[should_retry.HEADER] = should_retry.of(code, answer.status_code)
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    return answer


@contextmanager
def running(service: FakeService) -> Iterator[FakeService]:
    """Serve it on a port of its own."""
    server = make_server(LOOPBACK, 0, service.app(), threaded=True, request_handler=_Quiet)
    service.url = f"http://{LOOPBACK}:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def log(self, *_: object, **__: object) -> None:
        """Say nothing."""


def _envelope(task_status: int, code: ErrorCode | None = None) -> dict[str, Any]:
    status = CATALOGUE[code].http_status if code else 200
    word = code.value if code else ""
    message = f"This is {word}." if code else ""
    return {
        "request_id": "0d9c",
        "log_id": "4be1" * 8,
        "error_code": status if code else 0,
        "error_code_str": word,
        "error_msg": message,
        "error_detail": {
            "status_code": status,
            "code": word,
            "code_message": CATALOGUE[code].text if code else "",
            "message": message,
        },
        "task_type": "",
        "task_id": "",
        "task_status": task_status,
    }
