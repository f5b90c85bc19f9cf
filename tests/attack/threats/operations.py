"""A key of a tenant's, or none, at what is for operators: `/ops`, and all tenants' jobs behind it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import httpx

from api.routes.ops import ERASE, FIND, JOBS, PATH, SERIES
from shared.tenants.api_key import Scope
from tests.attack.attempt import Attempt, hold
from tests.attack.photos import small_photo
from tests.attack.target import KEY_HEADER, V1, Target

THREAT = "what is an operator's alone: to see all tenants' jobs, and to withdraw them"

_PAGE, _AUDIT = "/ops", "/v1/audit"
_FORBIDDEN = httpx.codes.FORBIDDEN
_TENANTS_OWN = (Scope.SUBMIT, Scope.READ, Scope.ADMIN)
_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "frame-ancestors 'none'",
    "form-action 'none'",
)


def its_page_holds_nothing_by_itself(target: Target) -> str:
    task_id = target.submit("a-certain-shop")
    with target.client() as client:
        page = client.get(_PAGE)
    policy = page.headers["content-security-policy"]
    hold(page.status_code == httpx.codes.OK, f"answered {page.status_code}")
    hold(
        not any(word in page.text for word in (task_id, "certain-shop")),
        "it names a job or a tenant",
    )
    hold(all(part in policy for part in _POLICY) and "unsafe" not in policy, policy)
    return f"{len(page.content) // 1000} KB that name nobody; nothing inline, in no frame, to no other host"


def no_key_of_a_tenants_sees_or_withdraws_anything(target: Target) -> str:
    task_id = target.submit("owner")
    keys = [_key(target, "owner", scope) for scope in _TENANTS_OWN]
    keys.append(_key(target, "owner", *_TENANTS_OWN))
    asked = 0
    with target.client() as client:
        for key in keys:
            for path in _reads(task_id):
                answer = client.get(path, headers=key)
                hold(answer.status_code == _FORBIDDEN, f"{path}: {answer.status_code}")
                hold(task_id not in answer.text, f"{path} showed a job")
            answer = client.post(ERASE, headers=key, json=_choice(tenant="owner"))
            hold(answer.status_code == _FORBIDDEN, f"{ERASE}: {answer.status_code}")
            asked += len(_reads(task_id)) + 1
        still = _status(target, "owner", task_id)
    hold(still == httpx.codes.OK, f"the job was {still} afterwards")
    return f"{asked} requests with four kinds of key, each 403; the job is still there"


def who_may_look_withdraws_nothing_and_the_reverse(target: Target) -> str:
    task_id = target.submit("owner")
    looks = _key(target, "operations", Scope.OBSERVE)
    withdraws = _key(target, "operations", Scope.OPERATE)
    with target.client() as client:
        erased = client.post(ERASE, headers=looks, json=_choice(tenant="owner")).status_code
        seen = {client.get(path, headers=withdraws).status_code for path in _reads(task_id)}
        own = {client.get(f"{V1}/{task_id}", headers=key).status_code for key in (looks, withdraws)}
        sees = client.get(f"{JOBS}/{task_id}", headers=looks).status_code
    hold(erased == _FORBIDDEN, f"who may look withdrew: {erased}")
    hold(seen == {_FORBIDDEN}, f"who may withdraw saw: {sorted(seen)}")
    hold(own == {_FORBIDDEN}, f"a tenant's own routes were answered {sorted(own)}")
    hold(sees == httpx.codes.OK, f"who may look is answered {sees}")
    return "each is 403 for the other, and for tenants' own routes"


def no_answer_of_it_holds_a_photo_a_result_or_a_secret(target: Target) -> str:
    secret = secrets.token_hex(16)
    with target.client("owner") as client:
        named = f"https://photos.invalid/a.jpg?X-Amz-Signature={secret}"
        told = {"callback_url": f"https://shop.invalid/hook?token={secret}"}
        form = {"image_url": (None, named), "callback_url": (None, told["callback_url"])}
        by_url = str(client.post(V1, files=form).json()["task_id"])
        posted = client.post(V1, files={"image": small_photo()}, data=told)
        uploaded = str(posted.json()["task_id"])
    target.wait_for("owner", by_url)
    target.wait_for("owner", uploaded)
    looks = _key(target, "operations", Scope.OBSERVE)
    with target.client() as client:
        said = "".join(
            client.get(path, headers=looks).raise_for_status().text
            for task_id in (by_url, uploaded)
            for path in _reads(task_id)
        )
    buckets = [target.environment[f"CUTWORK_{it}_BUCKET"] for it in ("INPUTS", "RESULTS")]
    hold(by_url in said and uploaded in said, "the jobs are not in what was read")
    for word in (secret, "X-Amz-", *buckets, *target.secrets().values()):
        hold(word not in said, f"{word[:12]}… stands in an answer")
    return (
        f"{len(said) // 1000} KB about two jobs: no URL of a photo, a result or a webhook, no key"
    )


def a_withdrawal_means_what_was_chosen_and_nothing_else(target: Target) -> str:
    operates = _key(target, "operations", Scope.OPERATE)
    vague: tuple[object, ...] = (
        *({}, {"status": "queued"}, {"until": _now()}, {**_choice(), "status": "*"}),
        *({**_choice(), "all": "yes"}, {**_choice(), "tenant": ["chosen"]}, [_choice()], "queued"),
        *({**_choice(), "tenant": "' OR 1=1 --\n"}, {**_choice(), "until": "9" * 400}),
    )
    with target.paused_worker(), target.client() as client:
        # The worker's read takes the first one, although it stands still.
        target.submit("chosen")
        chosen, other = target.submit("chosen"), target.submit("bystander")
        for body in vague:
            answer = client.post(ERASE, headers=operates, json=body)
            hold(answer.status_code == httpx.codes.BAD_REQUEST, f"{body!r}: {answer.status_code}")
        typed = client.post(
            ERASE, headers={**operates, "Content-Type": "text/plain"}, content=b"{}"
        )
        hold(typed.status_code == httpx.codes.BAD_REQUEST, f"text/plain: {typed.status_code}")
        which = _choice(tenant="chosen")
        later = target.submit("chosen")
        erased = client.post(ERASE, headers=operates, json=which).raise_for_status().json()["data"]
        left = [_status(target, *it) for it in (("chosen", later), ("bystander", other))]
        gone = _status(target, "chosen", chosen)
    hold(gone == httpx.codes.GONE, f"what was chosen is {gone}: {erased}")
    hold(left == [httpx.codes.OK] * 2, f"what was not chosen is {left}")
    return f"{len(vague) + 1} vague ones are 400; {erased['erased']} withdrawn, not the later one, not another tenant's"


def each_withdrawal_stands_in_its_tenants_audit_log_alone(target: Target) -> str:
    operates = _key(target, "operations", Scope.OPERATE)
    with target.paused_worker(), target.client() as client:
        target.submit("audited")
        target.submit("audited")
        client.post(ERASE, headers=operates, json=_choice(tenant="audited")).raise_for_status()
    own = {it: _key(target, it, Scope.ADMIN) for it in ("audited", "bystander")}
    operator = operates[KEY_HEADER].split("_")[1]
    lines = {}
    with target.client() as client:
        for tenant, key in own.items():
            log = client.get(_AUDIT, headers=key).raise_for_status().json()["data"]["entries"]
            lines[tenant] = [it for it in log if it["actor"] == operator]
        changed = [
            client.request(verb, _AUDIT, headers=own["audited"]).status_code
            for verb in ("DELETE", "PUT", "POST", "PATCH")
        ]
    hold(len(lines["audited"]) == 1, f"{len(lines['audited'])} lines of it in its own log")
    [line] = lines["audited"]
    told = line["action"] == "jobs.erase" and line["details"]["count"] >= 1
    hold(told, f"it says {line}")
    hold(not lines["bystander"], "it stands in another's log")
    hold(set(changed) == {httpx.codes.METHOD_NOT_ALLOWED}, f"the log was answered {changed}")
    return f"one line, with the key and {line['details']['count']} jobs; none in another's log"


def _reads(task_id: str) -> tuple[str, ...]:
    return (PATH, SERIES, f"{FIND}?q={task_id}", JOBS, f"{JOBS}/{task_id}")


def _choice(**more: str) -> dict[str, str]:
    return {"status": "queued", "until": _now(), **more}


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _status(target: Target, tenant: str, task_id: str) -> int:
    with target.client(tenant) as client:
        return client.get(f"{V1}/{task_id}").status_code


def _key(target: Target, tenant: str, *scopes: Scope) -> dict[str, str]:
    words = (word for scope in scopes for word in ("--scope", scope))
    return {KEY_HEADER: target.new_key(tenant, *words)}


ATTEMPTS: tuple[Attempt, ...] = (
    its_page_holds_nothing_by_itself,
    no_key_of_a_tenants_sees_or_withdraws_anything,
    who_may_look_withdraws_nothing_and_the_reverse,
    no_answer_of_it_holds_a_photo_a_result_or_a_secret,
    a_withdrawal_means_what_was_chosen_and_nothing_else,
    each_withdrawal_stands_in_its_tenants_audit_log_alone,
)
