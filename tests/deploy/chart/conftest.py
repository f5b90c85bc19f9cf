"""Every rendering of the chart: each file of values, by each Helm."""

from __future__ import annotations

import pytest

from tests.deploy.chart.helm import HELMS, VALUE_FILES, Helm
from tests.deploy.chart.manifests import Manifests


@pytest.fixture(scope="session", params=HELMS)
def helm(request: pytest.FixtureRequest) -> Helm:
    if not Helm.is_installed(request.param):
        pytest.skip("there is no Helm: `make test-deploy` installs it")
    return Helm(request.param)


@pytest.fixture(scope="session", params=VALUE_FILES)
def values(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def manifests(helm: Helm, values: str) -> Manifests:
    return helm.render(values)
