"""No route and no port that the attack has not thought of: `tests/attack/surface.py` names them all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

import deploy.local.servers.postgres
import deploy.local.servers.seaweedfs
import deploy.local.servers.valkey  # noqa: F401  all three are servers
from api.admission.auth import OPEN
from deploy.local.metrics_ports import metrics_ports
from deploy.local.servers.server import Server
from shared.settings.settings import Settings
from tests.api.conftest import opened
from tests.attack.surface import PORTS, ROUTES
from tests.attack.threats import THREATS
from tests.attack.threats.keys import OPEN as TRIED_WITHOUT_A_KEY

DEPLOY = Path(__file__).parents[2] / "deploy"
#: The front end, and where results are when it is open to other machines.
OF_MAKE_RUN = {"front end", "results"}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """A front end that is asked for nothing."""
    with opened(Settings(database_url=f"sqlite:///{tmp_path}/jobs.sqlite3")) as front_end:
        yield front_end.app()


def opened_ports() -> Iterator[str]:
    """Name every port on which something of ours listens, as it is called where that is said."""
    yield from OF_MAKE_RUN
    servers = (it for it in Server.__subclasses__() if it.__module__.startswith("deploy."))
    yield from (server.name for server in servers)
    yield from (f"metrics of the {name}" for name in metrics_ports(Settings(metrics_port=1)))
    yield from re.findall(r"^ +- \$\{(\w+):.*\}:\d+$", read("compose.yaml"), re.MULTILINE)
    yield from re.findall(r"^ +listen (\w+)", read("nginx.conf"), re.MULTILINE)
    for template in (DEPLOY / "chart" / "templates").rglob("*"):
        if template.is_file():
            yield from re.findall(r"name: ([\w-]+), containerPort:", template.read_text())


def read(name: str) -> str:
    return (DEPLOY / name).read_text()


def test_something_is_tried_of_every_route_and_of_no_other(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == ROUTES.keys()


def test_every_route_that_needs_no_key_is_asked_without_one(app: Flask) -> None:
    routes = app.url_map.bind("localhost")
    asked = {routes.match(path)[0] for path in TRIED_WITHOUT_A_KEY}

    is_open = {name for name in ROUTES if name.partition(".")[0] in OPEN}
    assert asked == is_open


def test_something_is_tried_at_every_port_or_it_is_said_why_not() -> None:
    assert set(opened_ports()) == PORTS.keys()


def test_what_is_tried_is_an_attempt_of_the_threat_table() -> None:
    made = {attempt for attempts in THREATS.values() for attempt in attempts}

    for what, tried in {**ROUTES, **PORTS}.items():
        assert tried, what
        if isinstance(tried, str):
            [file] = re.findall(r"^(tests/\S+\.py)?", tried)
            assert not file or (DEPLOY.parent / file).is_file(), tried
        else:
            assert made.issuperset(tried), what
