"""How the documents of a rendering fit together: who scales, guards, reaches and comes before whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.settings.settings import variable
from tests.deploy.chart.helm import Helm
from tests.deploy.chart.manifests import Document, Manifests, matches
from tests.house.chart_pages import CHART, OF_SECRETS


def names(documents: list[Document]) -> set[str]:
    return {document["metadata"]["name"] for document in documents}


#: A word of a pod's description → what it names.
NAMING = {
    "configMapRef": "ConfigMap",
    "configMapKeyRef": "ConfigMap",
    "configMap": "ConfigMap",
    "secretRef": "Secret",
    "secretKeyRef": "Secret",
    "secretName": "Secret",
    "serviceAccountName": "ServiceAccount",
    "claimName": "PersistentVolumeClaim",
}


def needs_of(part: Any) -> Iterator[tuple[str, str]]:
    """List all other objects that a pod needs: kind and name."""
    if isinstance(part, list):
        for each in part:
            yield from needs_of(each)
    elif isinstance(part, dict):
        for word, inner in part.items():
            if word in NAMING:
                yield NAMING[word], inner["name"] if isinstance(inner, dict) else inner
            else:
                yield from needs_of(inner)


def test_no_two_documents_are_the_same_object(manifests: Manifests) -> None:
    objects = [(it["kind"], it["metadata"]["name"]) for it in manifests.documents]

    assert len(set(objects)) == len(objects)


def test_what_is_scaled_has_no_number_of_pods_that_fights_it(manifests: Manifests) -> None:
    scalers = manifests.scalers()

    for deployment in manifests.of_kind("Deployment"):
        is_scaled = deployment["metadata"]["name"] in scalers
        assert ("replicas" in deployment["spec"]) is not is_scaled


def test_whoever_scales_scales_what_is_there(manifests: Manifests) -> None:
    assert set(manifests.scalers()) <= names(manifests.of_kind("Deployment"))


def test_an_eviction_leaves_somebody_and_is_never_forbidden(manifests: Manifests) -> None:
    budgets = {
        it["metadata"]["name"]: it["spec"] for it in manifests.of_kind("PodDisruptionBudget")
    }
    scalers = manifests.scalers()

    for deployment in manifests.of_kind("Deployment"):
        name = deployment["metadata"]["name"]
        scaler = scalers.get(name, {}).get("spec", {})
        fewest = scaler.get(
            "minReplicas", scaler.get("minReplicaCount", deployment["spec"].get("replicas"))
        )

        assert matches(
            budgets[name]["selector"], deployment["spec"]["template"]["metadata"]["labels"]
        )
        assert set(budgets[name]) == {"maxUnavailable", "selector"}
        assert budgets[name]["maxUnavailable"] >= 1
        if fewest > 1:
            assert budgets[name]["maxUnavailable"] < fewest
        else:
            assert "worker-gpu" in name, "everything else runs twice"


def test_pods_of_a_part_are_spread_and_found_by_what_never_changes(manifests: Manifests) -> None:
    for deployment in manifests.of_kind("Deployment"):
        template = deployment["spec"]["template"]
        labels = template["metadata"]["labels"]
        selectors = [
            deployment["spec"]["selector"],
            *(it["labelSelector"] for it in template["spec"]["topologySpreadConstraints"]),
        ]

        assert all(matches(selector, labels) for selector in selectors)
        assert all(
            "version" not in str(selector) and "chart" not in str(selector)
            for selector in selectors
        )
        assert len(selectors) == 3


def test_every_pod_is_denied_what_no_policy_allows(manifests: Manifests) -> None:
    policies = [it["spec"] for it in manifests.of_kind("NetworkPolicy")]
    closed = [
        it
        for it in policies
        if set(it["policyTypes"]) == {"Ingress", "Egress"} and "ingress" not in it
    ]

    for pod in manifests.pods():
        assert any(matches(policy["podSelector"], pod.labels) for policy in closed)
    assert all(rule.get("ports") for policy in policies for rule in policy.get("egress", ()))
    assert all(rule.get("ports") for policy in policies for rule in policy.get("ingress", ()))


def test_only_who_calls_addresses_of_clients_gets_out_to_everybody(helm: Helm) -> None:
    def callers(values: str) -> set[str]:
        policies = helm.render(values).of_kind("NetworkPolicy")
        return {
            it["metadata"]["name"] for it in policies if it["spec"]["policyTypes"] == ["Egress"]
        }

    assert callers("minimal") == set()
    assert callers("everything") == {"cutwork-sweeper", "cutwork-worker-cpu", "cutwork-worker-gpu"}


def test_services_and_policies_name_ports_that_are_there(manifests: Manifests) -> None:
    for service in manifests.of_kind("Service"):
        (pod,) = (
            it
            for it in manifests.pods()
            if service["spec"]["selector"].items() <= it.labels.items()
        )
        ports = {port["name"] for port in pod.container["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports

    for monitor in manifests.of_kind("PodMonitor"):
        watched = [it for it in manifests.pods() if matches(monitor["spec"]["selector"], it.labels)]
        (wanted,) = (it["port"] for it in monitor["spec"]["podMetricsEndpoints"])
        for pod in watched:
            assert pod.part == "setup" or wanted in {
                port["name"] for port in pod.container["ports"]
            }


def test_the_setup_comes_first_and_needs_nothing_of_the_chart(manifests: Manifests) -> None:
    (job,) = manifests.of_kind("Job")
    annotations = job["metadata"]["annotations"]

    if "helm.sh/hook" in annotations:
        assert annotations["helm.sh/hook"] == "pre-install,pre-upgrade"
    else:
        assert annotations["argocd.argoproj.io/hook"] == "Sync"
        assert int(annotations["argocd.argoproj.io/sync-wave"]) < 0
    made = {(it["kind"], it["metadata"]["name"]) for it in manifests.documents}
    assert set(needs_of(job["spec"])) & made == set()
    assert set(needs_of(job["spec"])), "it needs a Secret, at least"


def test_nobody_needs_to_run_the_setup_by_the_chart(helm: Helm) -> None:
    assert helm.render("minimal", "--set", "setup.hook=none").of_kind("Job") == []


def test_the_setup_makes_the_keys_that_are_mounted(helm: Helm) -> None:
    container = helm.render("everything").pod("setup").container
    mounted = {it["mountPath"] for it in container["volumeMounts"]}

    assert container["args"][2:5] == ["--key", "shop", "/run/secrets/key-0/2026"]
    assert {"/run/secrets/key-0", "/run/secrets/key-1"} <= mounted


def test_settings_that_change_make_new_pods_of_their_part_alone(helm: Helm) -> None:
    """They stand in the pods: those of the release before keep theirs, and none is left over for a rollback to find."""
    before = {pod.part: pod for pod in helm.render("minimal").pods()}
    change = "workers.cpu.settings.CUTWORK_SECOND_LOOK=false"
    after = {pod.part: pod for pod in helm.render("minimal", "--set", change).pods()}

    assert {part for part in before if before[part] != after[part]} == {"worker-cpu"}


def test_what_is_secret_is_named_and_neither_made_nor_told(manifests: Manifests) -> None:
    assert manifests.of_kind("Secret") == []
    for pod in manifests.pods():
        given = {it["name"] for it in pod.container["env"] if "value" in it}
        assert not given & {variable(name) for name in OF_SECRETS}


@pytest.mark.parametrize(
    "release", ["cutwork", "shop-cutwork", "shop", "a-release-with-a-long-name-of-its-own-and-more"]
)
def test_names_fit_whatever_the_release_is_called(helm: Helm, release: str) -> None:
    text = helm.run("template", release, CHART, "--values", CHART / "ci" / "everything.yaml")

    for document in Manifests(text).documents:
        assert len(document["metadata"]["name"]) <= 63
