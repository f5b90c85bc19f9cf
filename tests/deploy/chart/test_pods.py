"""What runs may do no more than it must, lives until its work is done, and is told what it knows."""

from __future__ import annotations

import importlib.util
import re

import pytest

from api.routes.health import ALIVE, READY
from shared.settings.settings import PREFIX, load_settings
from tests.deploy.chart.helm import Helm
from tests.deploy.chart.manifests import Manifests, Pod

#: gunicorn's `graceful_timeout`, and what a sweeper gives its rounds.
GRACE = {"api": 30.0, "sweeper": 8.0, "setup": 0.0}
HAND_BACK_SECONDS = 10.0
#: What lies in a Secret, as an operator would fill it.
SECRETS = {
    "CUTWORK_DATABASE_URL": "postgresql+psycopg://cutwork:secret@postgresql.example.com/cutwork",
    "CUTWORK_REDIS_URL": "rediss://cutwork:secret@redis.example.com:6379/0",
    "CUTWORK_WEBHOOK_SECRETS": f"whsec_{'A' * 32}",
}


def shutdown_of(pod: Pod) -> float:
    """How long a process may take to stop, with what comes before."""
    before = (
        pod.container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    )
    if pod.part in GRACE:
        return float(before + GRACE[pod.part])
    given = pod.settings.get("CUTWORK_SHUTDOWN_GRACE", "25")
    return float(given) + HAND_BACK_SECONDS


def test_every_pod_is_as_restricted_as_kubernetes_knows(manifests: Manifests) -> None:
    for pod in manifests.pods():
        inside = pod.container["securityContext"]

        assert pod.spec["securityContext"]["runAsNonRoot"] is True
        assert pod.spec["securityContext"]["runAsUser"] == 10001
        assert pod.spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert inside["allowPrivilegeEscalation"] is False
        assert inside["readOnlyRootFilesystem"] is True
        assert inside["capabilities"] == {"drop": ["ALL"]}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod.spec)
        assert pod.spec["automountServiceAccountToken"] is False


def test_no_pod_is_told_where_services_are(manifests: Manifests) -> None:
    assert all(pod.spec["enableServiceLinks"] is False for pod in manifests.pods())


def test_every_pod_writes_into_a_bounded_folder_alone(manifests: Manifests) -> None:
    for pod in manifests.pods():
        volumes = {volume["name"]: volume for volume in pod.spec["volumes"]}
        writable = [it for it in pod.container["volumeMounts"] if not it.get("readOnly")]

        assert [it["mountPath"] for it in writable] == ["/tmp"]
        assert volumes[writable[0]["name"]]["emptyDir"]["sizeLimit"]


def test_every_pod_says_what_it_needs(manifests: Manifests) -> None:
    for pod in manifests.pods():
        resources = pod.container["resources"]

        assert set(resources["requests"]) == {"cpu", "memory"}
        assert "memory" in resources["limits"]
        # Held to its cores, a process stands still in the middle of a request.
        assert "cpu" not in resources["limits"]


def test_every_image_is_a_certain_one(manifests: Manifests) -> None:
    for pod in manifests.pods():
        assert re.search(r"(@sha256:[0-9a-f]{64}|:[0-9][\w.-]*)$", pod.container["image"])


def test_every_pod_outlives_the_work_that_it_finishes(manifests: Manifests) -> None:
    for pod in manifests.pods():
        assert pod.spec["terminationGracePeriodSeconds"] >= shutdown_of(pod) + 5


def test_a_front_end_goes_on_taking_requests_while_it_leaves_the_service(
    manifests: Manifests,
) -> None:
    assert manifests.pod("api").container["lifecycle"]["preStop"]["sleep"]["seconds"] >= 5


def test_every_process_can_read_its_settings(
    manifests: Manifests, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pod in manifests.pods():
        told = pod.settings
        assert {name for name in told if not name.startswith(PREFIX)} <= {"WEB_CONCURRENCY"}
        told |= {name: value for name, value in SECRETS.items() if name in told}
        with monkeypatch.context() as patch:
            for name, value in told.items():
                patch.setenv(name, value)

            assert load_settings().s3_endpoint == "https://s3.example.com"


def test_numbers_are_written_in_full(helm: Helm) -> None:
    manifests = helm.render("gpu")

    told = manifests.pod("worker-gpu").settings

    assert told["CUTWORK_MAX_QUEUED"] == "1000000"
    assert told["CUTWORK_GPU_MEMORY_LIMIT"] == "17179869184"


def test_a_parts_false_wins_over_everybodys_true(helm: Helm) -> None:
    manifests = helm.render("cpu")

    told = {pod.part: pod.settings["CUTWORK_SECOND_LOOK"] for pod in manifests.pods()}

    assert told.pop("worker-cpu") == "false"
    assert set(told.values()) == {"true"}


def test_every_part_may_have_a_secret_of_its_own(helm: Helm) -> None:
    named = {
        pod.part: {
            it["valueFrom"]["secretKeyRef"]["name"]
            for it in pod.container["env"]
            if "valueFrom" in it
        }
        for pod in helm.render("cpu").pods()
    }

    assert named == {
        "api": {"cutwork-front-end"},
        "worker-cpu": {"cutwork-worker"},
        "sweeper": {"cutwork-sweeper"},
        "setup": {"cutwork-migration"},
    }


def test_every_process_that_is_started_is_there(manifests: Manifests) -> None:
    for pod in manifests.pods():
        program, *arguments = pod.container["args"]
        module = "deploy.admin" if program == "cutwork-admin" else arguments[-1].partition(":")[0]

        assert program in {"cutwork-admin", "gunicorn", "python"}
        assert "command" not in pod.container, "the image's own tini passes signals on"
        assert importlib.util.find_spec(module)


def test_a_front_end_is_looked_at_where_it_says_how_it_is(manifests: Manifests) -> None:
    container = manifests.pod("api").container

    assert container["startupProbe"]["httpGet"]["path"] == ALIVE
    assert container["livenessProbe"]["httpGet"]["path"] == ALIVE
    assert container["readinessProbe"]["httpGet"]["path"] == READY


def test_all_others_are_looked_at_by_the_file_that_they_touch(manifests: Manifests) -> None:
    for pod in manifests.pods():
        if pod.part not in {"api", "setup"}:
            file = pod.settings["CUTWORK_LIVENESS_FILE"]

            for probe in ("startupProbe", "livenessProbe"):
                assert file in pod.container[probe]["exec"]["command"][-1]


def test_where_the_cluster_gives_users_no_user_is_asked_for(helm: Helm) -> None:
    for pod in helm.render("minimal", "--set", "runAsUser=null").pods():
        assert pod.spec["securityContext"]["runAsNonRoot"] is True
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & set(pod.spec["securityContext"])
