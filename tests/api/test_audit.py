"""What is done to keys and webhooks is written down, with who did it and from where, and never with a secret."""

from __future__ import annotations

from typing import Any

from shared.tenants.audit import OPERATOR, Action, Actor
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_success
from tests.api.test_keys import administrator, ask, made
from tests.factories import new_job


def audit(front_end: FrontEnd, query: str = "") -> dict[str, Any]:
    data: dict[str, Any] = assert_success(
        ask(front_end, "GET", f"/v1/audit{query}"), task_status=2
    )["data"]
    return data


def test_each_act_is_a_line_with_who_when_what_and_from_where(front_end: FrontEnd) -> None:
    front_end.headers = administrator(front_end)
    own_id = front_end.headers["ailabapi-api-key"].split("_")[1]
    front_end.headers["X-Request-ID"] = "ticket-4711"
    front_end.clock.advance(minutes=1)
    key, secret = made(ask(front_end, "POST", "/v1/keys", {"name": "import", "max_queued": 5}))
    front_end.clock.advance(minutes=1)
    new, new_secret = made(ask(front_end, "POST", f"/v1/keys/{key['id']}/rotate"))
    front_end.clock.advance(minutes=1)
    ask(front_end, "DELETE", f"/v1/keys/{new['id']}")
    ask(front_end, "DELETE", f"/v1/keys/{new['id']}")

    entries = audit(front_end)["entries"]

    revoked, rotated, created = entries[:3]
    assert [it["action"] for it in (revoked, rotated, created)] == [
        *(Action.KEY_REVOKE, Action.KEY_ROTATE, Action.KEY_CREATE),
    ]
    assert {it["actor"] for it in entries[:3]} == {own_id}
    assert {it["address"] for it in entries[:3]} == {"127.0.0.1"}
    assert {it["request_id"] for it in entries[:3]} == {"ticket-4711"}
    assert (created["subject"], created["created_at"]) == (key["id"], "2026-11-23T12:01:00.000Z")
    assert created["details"]["name"] == "import"
    assert created["details"]["max_queued"] == 5
    assert (rotated["subject"], rotated["details"]) == (key["id"], {"new": new["id"]})
    assert revoked["subject"] == new["id"]
    for text in (secret, new_secret, front_end.headers["ailabapi-api-key"]):
        assert text.split("_", 2)[2] not in str(entries)
    # The fixture's key and the administrator's, made by hand.
    assert [it["actor"] for it in entries[3:]] == [OPERATOR.name] * 2


def test_a_webhook_that_is_sent_again_is_a_line_of_its_tenant(front_end: FrontEnd) -> None:
    new = new_job(callback_url="https://shop.example/hook?token=hidden")
    assert front_end.services.job_store.create(new)
    front_end.complete(new.id)
    path = f"/v1/jobs/{new.id}/deliveries/msg_{new.id.hex}/redeliver"

    assert ask(front_end, "POST", path).status_code == 200

    front_end.headers = administrator(front_end)
    [line] = [it for it in audit(front_end)["entries"] if it["action"] == "webhook.redeliver"]
    assert line["subject"] == str(new.id)
    assert "hidden" not in str(line)


def test_the_log_is_read_in_pages_and_holds_only_the_own_tenants_lines(
    front_end: FrontEnd,
) -> None:
    keys = front_end.services.key_store
    foreign, _ = keys.create("rival")
    for _ in range(4):
        keys.create("shop", by=Actor(name="operator", address="root@db-7"))
    front_end.headers = administrator(front_end)

    first = audit(front_end, "?limit=4")
    rest = audit(front_end, f"?limit=4&cursor={first['next_cursor']}")

    assert (len(first["entries"]), len(rest["entries"]), rest["next_cursor"]) == (4, 2, "")
    subjects = [it["subject"] for it in (*first["entries"], *rest["entries"])]
    assert len(set(subjects)) == 6
    assert foreign.id not in subjects
    assert "db-7" not in str(first)
