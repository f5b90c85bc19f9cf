"""One machine with everything on it: photos pass, strangers are held off, and each service may be started again."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from ailabtools import AILabClient
from playwright.sync_api import expect

from deploy.local.servers.mutual_tls import MutualTls
from deploy.local.servers.ports import LOOPBACK
from shared.documents import ROOT
from tests.conditions import eventually
from tests.deploy.containers.compose import SECRETS, Stack
from tests.deploy.containers.prometheus import Prometheus
from tests.end_to_end.client import CUTOUT, urls_of
from tests.monitoring import OF_OTHER_DAYS, asked_by_alerts, asked_by_dashboard
from tests.page.chromium import running_chromium
from tests.page.visitor import Visitor

_PHOTO = ROOT / "deploy" / "local" / "photo.jpg"
_OURS = {"api", "sweeper", "worker-cpu"}
_SERVICES = ("postgres", "valkey", "seaweedfs", "api", "worker-cpu", "sweeper", "proxy")


def cut(stack: Stack, key: str, **fields: str) -> httpx.Response:
    """Send the photo, as `curl` in the guide does."""
    return httpx.post(
        stack.url + CUTOUT,
        headers={"ailabapi-api-key": key},
        data={"cloth_class": "tops", "task_type": "sync", **fields},
        files={"image": _PHOTO.read_bytes()},
        timeout=90,
    )


def assert_cut(answer: httpx.Response) -> None:
    assert answer.status_code == 200, answer.text
    url = urls_of(answer.json())["image"]
    picture = httpx.get(url, timeout=30)
    assert picture.status_code == 200, f"{url}: {picture.text}"
    assert picture.content.startswith(b"\x89PNG")


def test_every_service_is_well_and_setup_has_ended(stack: Stack) -> None:
    containers = stack.containers()

    assert set(containers) == {*_SERVICES, "setup"}
    health = {name: containers[name]["State"]["Health"]["Status"] for name in _SERVICES}
    assert set(health.values()) == {"healthy"}, health
    assert containers["setup"]["State"]["ExitCode"] == 0


def test_the_first_key_is_shown_once(stack: Stack, key: str) -> None:
    assert re.fullmatch(r"cw_[0-9a-f]{12}_[\w-]{43}", key)

    for again in (stack.logs("setup"), stack.set_up()):
        assert "buckets and lifecycle rules are there" in again
        assert "cw_" not in again


def test_the_doctor_finds_nothing_wrong(stack: Stack, key: str) -> None:
    said = stack.run("setup", "cutwork-admin", "doctor")

    assert "wrong " not in said
    assert "is another place for clients than from here" in said


def test_a_photo_passes_and_its_result_is_fetched_where_clients_are(stack: Stack, key: str) -> None:
    answer = cut(stack, key)

    assert_cut(answer)
    assert urls_of(answer.json())["image"].startswith(stack.values["RESULTS_URL"])


def test_the_vendors_own_client_takes_it_for_the_vendors_service(stack: Stack, key: str) -> None:
    async def run() -> Any:
        client = AILabClient(api_key=key, base_url=stack.url)
        try:
            return await client.cutout.cutoutClothingBackgroundRemoval(
                {"image": _PHOTO.read_bytes(), "clothClass": "tops"}
            )
        finally:
            await client.aclose()

    urls = urls_of(asyncio.run(run()))

    assert httpx.get(urls["image"], timeout=30).status_code == 200


def test_a_photo_passes_by_the_page(stack: Stack, key: str) -> None:
    with running_chromium() as browser:
        visitor = Visitor(browser.new_page(), stack.url)
        visitor.come()
        visitor.choose(_PHOTO)
        dialog = visitor.page.get_by_role("dialog", name="Your API key")
        dialog.get_by_label("Key", exact=True).fill(key)
        dialog.get_by_role("button", name="Use this key").click()

        card = visitor.wait_for(_PHOTO.name)

        expect(card.get_by_role("img").first).to_be_visible()
        visitor.check_calm()


def test_a_request_without_a_key_is_refused(stack: Stack, key: str) -> None:
    assert cut(stack, "none").status_code == 401


def test_a_body_that_is_too_large_does_not_reach_a_front_end(stack: Stack) -> None:
    answer = httpx.post(stack.url + CUTOUT, content=b"x" * 9_000_000, timeout=30)

    assert answer.status_code == 413
    assert "request_id" not in answer.text


def test_an_upload_that_stalls_is_cut_off_by_the_proxy(stack: Stack) -> None:
    host, _, port = stack.url.removeprefix("http://").partition(":")
    started = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=30) as client:
        head = f"POST {CUTOUT} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
        client.sendall(head.encode() + b"x")

        answer = client.recv(1000)

    assert time.monotonic() - started < 20
    assert not answer or b" 408 " in answer.split(b"\r\n")[0]


def test_results_are_for_those_who_have_their_url(stack: Stack) -> None:
    listing = httpx.get(stack.values["RESULTS_URL"] + "/cutwork-results", timeout=30)
    written = httpx.put(stack.values["RESULTS_URL"] + "/cutwork-results/x", timeout=30)

    assert listing.status_code == 403
    assert written.status_code == 403


def test_the_proxy_speaks_tls_as_soon_as_there_is_a_certificate(
    stack: Stack, tmp_path: Path
) -> None:
    tls = MutualTls(tmp_path / "tls")
    tls.renew(LOOPBACK)
    trusted = ssl.create_default_context(cafile=tls.authority)
    addresses = [stack.values[name] for name in ("PUBLIC_LISTEN", "RESULTS_LISTEN")]

    with stack.certified(tls.certificate, tls.key):
        answers = [httpx.get(f"https://{it}/healthz", verify=trusted) for it in addresses]

    assert [it.status_code for it in answers] == [200, 200]
    assert httpx.get(f"{stack.url}/healthz").status_code == 200


@pytest.mark.parametrize("service", ["api", "sweeper", "worker-cpu"])
def test_a_process_of_ours_can_write_nowhere_but_to_tmp(service: str, stack: Stack) -> None:
    look = "touch /tmp/x && ! touch /x /app/x && id -u && grep CapEff /proc/1/status"
    seen = stack.execute(service, "sh", "-c", look)

    assert seen.returncode == 0, seen.stderr
    assert seen.stderr.count("Read-only file system") == 2
    assert seen.stdout.split() == ["10001", "CapEff:", "0" * 16]


@pytest.fixture(scope="module")
def prometheus(stack: Stack) -> Prometheus:
    """The stack with the profile that watches it."""
    stack.call(
        "--profile=monitoring", "up", "--detach", "--wait", "--wait-timeout=300", "prometheus"
    )
    return Prometheus(f"http://{stack.address_of('prometheus')}:9090")


def test_prometheus_finds_each_process_and_its_alerts(prometheus: Prometheus) -> None:
    jobs = {"cutwork-front-end", "cutwork-worker", "cutwork-sweeper"}

    eventually(lambda: prometheus.jobs_that_are_up() == jobs, 90)
    assert prometheus.get("rules")["groups"][0]["rules"]


def test_prometheus_has_an_answer_to_each_question_that_the_dashboard_asks(
    prometheus: Prometheus, stack: Stack, key: str
) -> None:
    assert_cut(cut(stack, key))
    assert cut(stack, "none").status_code == 401

    def without_answer() -> set[str]:
        return {it.title for it in asked_by_dashboard() if not prometheus.ask(it)}

    eventually(lambda: without_answer() <= OF_OTHER_DAYS, 120)
    for it in asked_by_alerts():
        prometheus.ask(it)


@pytest.mark.parametrize(
    "command",
    [
        "check config /etc/cutwork/compose.yml",
        "check config /etc/cutwork/prometheus.yml",
        "test rules /etc/cutwork/rules.test.yml",
    ],
)
def test_prometheus_has_nothing_against_what_it_is_given(
    command: str, prometheus: Prometheus, stack: Stack
) -> None:
    said = stack.execute("prometheus", "promtool", *command.split())

    assert said.returncode == 0, said.stdout + said.stderr


def test_no_secret_stands_in_a_list_of_processes(stack: Stack) -> None:
    containers = stack.containers()
    pids = {service: containers[service]["State"]["Pid"] for service in _SERVICES}
    shown = {name: Path(f"/proc/{pid}/cmdline").read_text() for name, pid in pids.items()}

    assert not [
        (service, name)
        for service, command in shown.items()
        for name in SECRETS
        if stack.values[name] in command
    ]


@pytest.mark.parametrize("service", _SERVICES)
def test_a_service_may_be_started_again_at_any_time(service: str, stack: Stack, key: str) -> None:
    stack.start_again(service)

    eventually(lambda: _is_ready(stack), 90)
    assert_cut(cut(stack, key))


def test_all_that_is_ours_ends_in_order_and_what_was_stored_is_kept(stack: Stack, key: str) -> None:
    answer = cut(stack, key)
    stack.call("stop")
    ended = {name: it["State"]["ExitCode"] for name, it in stack.containers().items()}
    stack.call("up", "--detach", "--wait", "--wait-timeout=300")

    assert {ended[name] for name in _OURS} == {0}, ended
    assert_cut(answer)
    assert_cut(cut(stack, key))


def _is_ready(stack: Stack) -> bool:
    try:
        return httpx.get(f"{stack.url}/readyz", timeout=10).status_code == 200
    except httpx.TransportError:
        return False
