"""What a rendered chart consists of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple, cast

import yaml

#: A document of Kubernetes; what it holds is what the tests are about.
Document = dict[str, Any]
#: What has pods of its own.
_WITH_PODS = ("Deployment", "Job")
#: What makes more or fewer pods of a Deployment.
_SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")


class _OneOfEachKey(yaml.CSafeLoader):  # type: ignore[misc]
    """PyYAML takes the last of two keys with the same name, and says nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Document:
        names = [key.value for key, _ in node.value]
        doubled = {name for name in names if names.count(name) > 1}
        if doubled:
            raise ValueError(f"given twice: {', '.join(sorted(doubled))} {node.start_mark}")
        return cast("Document", super().construct_mapping(node, deep))


class Pod(NamedTuple):
    """The pods of a Deployment or a Job, as they are described."""

    #: `api`, `sweeper`, `setup`, `worker-cpu`, …
    part: str
    labels: Mapping[str, str]
    spec: Document

    @property
    def container(self) -> Document:
        """The only one."""
        (container,) = self.spec["containers"]
        return cast("Document", container)

    @property
    def settings(self) -> dict[str, str]:
        """What it is told, with a word in the place of each secret; a name that comes twice is an error."""
        assert "envFrom" not in self.container
        told = [(it["name"], it.get("value", "secret")) for it in self.container["env"]]
        assert len(dict(told)) == len(told), f"{self.part} is told something twice"
        return dict(told)


class Manifests:
    """All documents of a rendering."""

    def __init__(self, text: str) -> None:
        """Read nothing yet."""
        self.text = text

    @cached_property
    def documents(self) -> list[Document]:
        """Without those that are empty."""
        loaded = yaml.load_all(self.text, Loader=_OneOfEachKey)
        return [document for document in loaded if document]

    def of_kind(self, *kinds: str) -> list[Document]:
        """List the documents of these kinds."""
        return [document for document in self.documents if document["kind"] in kinds]

    def pods(self) -> Iterator[Pod]:
        """List what runs."""
        for document in self.of_kind(*_WITH_PODS):
            template = document["spec"]["template"]
            labels = template["metadata"]["labels"]
            yield Pod(labels["app.kubernetes.io/component"], labels, template["spec"])

    def pod(self, part: str) -> Pod:
        """Find the pods of a part."""
        (found,) = (pod for pod in self.pods() if pod.part == part)
        return found

    def scalers(self) -> dict[str, Document]:
        """Find out which Deployments others give their number of pods."""
        return {it["spec"]["scaleTargetRef"]["name"]: it for it in self.of_kind(*_SCALERS)}


def matches(selector: Document, labels: Mapping[str, str]) -> bool:
    """Whether a selector by labels alone takes in what has these."""
    assert set(selector) == {"matchLabels"}
    return bool(selector["matchLabels"].items() <= labels.items())
