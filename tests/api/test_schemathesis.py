"""The document turned against the application: generated requests, right and wrong, on every route."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import schemathesis
from flask import Flask
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import delete

from api.openapi.document import create_document
from api.routes.archive import PATH as ARCHIVE
from api.routes.jobs import PATH as JOBS
from shared.settings.settings import Settings
from shared.sql.tables import jobs
from shared.tenants.api_key import Scope, Terms
from shared.wire.presets import BUNDLED, load_presets
from tests.api.conftest import FrontEnd, opened
from tests.api.photos import photo
from tests.webhook_receiver import SECRET

SETTINGS = settings(max_examples=20, deadline=None, derandomize=True)
SIDES = st.integers(51, 90)

for form in ("JPEG", "PNG", "BMP"):
    photos = st.builds(photo, SIDES, SIDES, st.just(form))
    schemathesis.openapi.media_type(f"image/{form.lower()}", photos)

BATCHES = {
    "application/jsonl": '{{"image_url": "https://photos.example/{}"}}\n',
    "text/csv": "image_url\nhttps://photos.example/{}\n",
}
for media_type, body in BATCHES.items():
    bodies = st.builds(bytes, st.just(body.format(1).encode()))
    schemathesis.openapi.media_type(media_type, bodies)

#: No schema can say which jobs there are (404), which were deleted (410), which `Idempotency-Key` is taken and how
#: large a photo is (422). Nobody can wait here, so every `sync` post is refused (429).
ACCEPTED = ["2xx", "404", "410", "422", "429"]
SOUND = ["2xx", "4xx"]
CONFIG = {
    "seed": 1,
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ACCEPTED},
        "not_a_server_error": {"expected-statuses": SOUND},
    },
    # What is no id is the id of no job, which the archive says and does not refuse.
    "operations": [
        {"include-path": ARCHIVE, "checks": {"negative_data_rejection": {"enabled": False}}}
    ],
}

API = schemathesis.openapi.from_dict(
    create_document(sorted(load_presets(BUNDLED))), config=schemathesis.Config.from_dict(CONFIG)
)


def _says_one_thing(case: schemathesis.Case[Any]) -> bool:
    """Tell what no schema can: jobs are named or searched, and waited for only if named; days are in their order."""
    names = set(case.query or ())
    if case.path == "/v1/usage" and names & {"from", "to"}:
        return False
    is_of_list = (case.method, case.path) == ("GET", JOBS)
    return not is_of_list or not names & {"ids", "wait"} or {"ids"} <= names <= {"ids", "wait"}


class Stage:
    """Stands for the application, which is there only while the tests run."""

    app: Flask

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.app(environ, start_response)


STAGE = API.app = Stage()


@pytest.fixture(scope="module")
def front_end(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontEnd]:
    """The real application, in which nobody waits."""
    folder = tmp_path_factory.mktemp("schemathesis")
    front_end_settings = Settings(
        database_url=f"sqlite:///{folder}/cutwork.sqlite3",
        waiting_slots=0,
        image_url=True,
        webhook_secrets=SecretStr(SECRET),
        direct_uploads=True,
    )
    with opened(front_end_settings) as front_end:
        STAGE.app = front_end.app()
        _, key = front_end.services.key_store.create("shop", Terms(scopes=frozenset(Scope)))
        yield replace(front_end, headers={"ailabapi-api-key": key})


@API.parametrize()
@SETTINGS
def test_generated_requests_are_answered_as_the_document_says(
    case: schemathesis.Case[Any], front_end: FrontEnd
) -> None:
    if _says_one_thing(case):
        case.call_and_validate(headers=front_end.headers)


def test_jobs_live_and_die_as_the_links_say(front_end: FrontEnd) -> None:
    # Without what would end the key that all of these requests use.
    api = API.exclude(operation_id=["rotate_key", "revoke_key"])

    class Life(api.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            with front_end.services.database.writing() as connection:
                connection.execute(delete(jobs))

        def get_call_kwargs(self, case: schemathesis.Case[Any]) -> dict[str, Any]:
            return {"headers": front_end.headers}

        def validate_response(
            self,
            response: schemathesis.Response,
            case: schemathesis.Case[Any],
            *_: Any,
            **sent: Any,
        ) -> None:
            # With the headers, or the key in them is taken for a generated one.
            case.validate_response(
                response,
                headers=front_end.headers,
                transport_kwargs=sent,
                recorder=getattr(self, "recorder", None),
            )

    Life.run(settings=settings(SETTINGS, max_examples=10, stateful_step_count=6))
