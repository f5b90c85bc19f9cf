"""Imports run one way: api → shared ← worker. Who imports what is read from the source, not run."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = {
    "api",
    "client",
    "cutwork",
    "deploy",
    "migrations",
    "shared",
    "tests",
    "training",
    "worker",
}

#: A room → the other rooms of ours that it may know.
ALLOWED = {
    "shared": set(),
    "api": {"shared"},
    "worker": {"shared"},
    "migrations": {"shared"},
    # What lies in it is installed as `cutwork`.
    "client": {"cutwork"},
    "training": {"shared", "worker"},
    "deploy": {"shared"},
}
#: A room → what must never be needed to run it.
FORBIDDEN = {
    "shared": {"flask", "werkzeug", "PIL", "numpy", "cv2", "onnxruntime", "isal"},
    "api": {"PIL", "numpy", "cv2", "onnxruntime", "isal", "celery"},
    "worker": {"flask", "werkzeug", "gunicorn", "gevent"},
}

#: All that the client may need beside Python: it is installed where nothing else of ours is.
OF_THE_CLIENT = {"PIL", "anyio", "click", "cutwork", "httpx2"}

#: A folder in a room → the modules of that room that it may know beside its own.
WITHIN = {
    "deploy/capacity/planning": {
        "deploy.capacity.demand",
        "deploy.capacity.queueing",
        "deploy.capacity.unit_costs",
    },
    "deploy/capacity/simulation": {
        "deploy.capacity.demand",
        "deploy.capacity.figures",
        "deploy.capacity.planning.bill",
        "deploy.capacity.planning.plan",
        "deploy.capacity.planning.seconds",
        "deploy.capacity.unit_costs",
    },
    "deploy/capacity/measuring": {"deploy.named_database"},
    "deploy/local/processes": set(),
    "deploy/local/servers": {"deploy.local.processes.process", "deploy.private_file"},
    "api/health": {"api.resilience.circuit_breaker", "api.services"},
    "api/resilience": set(),
    "api/server": set(),
    "shared/wire": {"shared.errors"},
    "shared/image_files": {"shared.errors", "shared.wire.contract"},
    "shared/outgoing": {"shared.errors"},
    "shared/settings": {
        "shared.errors",
        "shared.outgoing.policy",
        "shared.wire.presets",
        "shared.wire.webhook_secrets",
    },
    "shared/telemetry": {"shared.errors", "shared.job", "shared.settings.settings"},
    "shared/messaging": {
        "shared.errors",
        "shared.job",
        "shared.settings.settings",
        "shared.telemetry.logs",
    },
    "shared/objects": {
        "shared.errors",
        "shared.job",
        "shared.settings.settings",
        "shared.wire.rendition",
    },
    "shared/sql": {
        "shared.errors",
        "shared.job",
        "shared.settings.settings",
        "shared.telemetry.logs",
    },
    "training/network": {"training.config", "training.labels"},
    "training/scores": {
        "training.data.choice",
        "training.data.dataset",
        "training.data.shop",
        "training.labels",
        "training.metrics",
    },
    "worker/imaging": {"worker.network.segmenter"},
    "worker/jobs": {
        "worker.imaging.cutout",
        "worker.imaging.decoding",
        "worker.metrics",
        "worker.network.segmenter",
        "worker.watchdog",
    },
    "worker/messages": set(),
    "worker/network": {"worker.metrics"},
    "worker/sweeper": {"worker.webhooks.sender", "worker.webhooks.subjects"},
    "worker/webhooks": set(),
}


def imports_of(file: Path) -> Iterator[str]:
    """Name the top-level packages a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} uses a relative import"
            yield str(node.module).partition(".")[0]


def name_of(file: Path) -> str:
    """Name a module as others import it."""
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    return name.removeprefix("client.")


def modules_named_in(file: Path) -> set[str]:
    """Name the modules of `from … import`, in full."""
    return {
        str(node.module)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom)
    }


def files_of(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    for file in files_of(room):
        others = (set(imports_of(file)) & ROOMS) - {room}

        assert others <= ALLOWED[room], f"{file.relative_to(ROOT)} imports {others}"


@pytest.mark.parametrize("room", sorted(FORBIDDEN))
def test_a_room_stays_free_of_what_it_must_not_need(room: str) -> None:
    for file in files_of(room):
        found = set(imports_of(file)) & FORBIDDEN[room]

        assert not found, f"{file.relative_to(ROOT)} imports {found}"


def test_the_client_needs_nothing_but_python_and_what_it_declares() -> None:
    needed = {name for file in files_of("client") for name in imports_of(file)}

    assert needed - sys.stdlib_module_names <= OF_THE_CLIENT


@pytest.mark.parametrize("folder", sorted(WITHIN))
def test_a_folder_in_a_room_imports_only_the_modules_it_may(folder: str) -> None:
    room = folder.partition("/")[0] + "."
    own = folder.replace("/", ".")
    for file in files_of(folder):
        others = {
            name
            for name in modules_named_in(file)
            if name.startswith(room) and name != own and not name.startswith(f"{own}.")
        }

        assert others <= WITHIN[folder], f"{file.relative_to(ROOT)} imports {others}"


#: The folders of a room, each of which may know those before it. What lies in the room itself puts them together.
IN_ORDER = {
    "api": (
        *("resilience", "server", "intake", "admission"),
        *("answers", "health", "routes", "openapi"),
    ),
    "deploy/capacity": ("planning", "simulation"),
    "deploy/local": ("processes", "servers"),
    "shared": (
        *("wire", "image_files", "outgoing", "settings", "telemetry", "messaging", "objects"),
        *("sql", "tenants", "webhooks", "jobs", "batches", "operations"),
    ),
    "training": ("network", "data", "scores"),
    "worker": ("messages", "network", "imaging", "jobs", "webhooks", "sweeper"),
}


@pytest.mark.parametrize("room", sorted(IN_ORDER))
def test_a_folder_knows_only_those_before_it(room: str) -> None:
    for number, folder in enumerate(IN_ORDER[room], start=1):
        named = {name for file in files_of(f"{room}/{folder}") for name in modules_named_in(file)}
        for later in IN_ORDER[room][number:]:
            package = f"{room}/{later}".replace("/", ".")
            found = {name for name in named if f"{name}.".startswith(f"{package}.")}

            assert not found, f"{room}/{folder} imports {found}"


@pytest.mark.parametrize("room", ["api", "client", "shared", "training", "worker"])
def test_a_room_has_no_circles(room: str) -> None:
    needs = {name_of(file): modules_named_in(file) for file in files_of(room)}
    while needs:
        free = {name for name, others in needs.items() if not others & needs.keys()}

        assert free, f"these import each other: {sorted(needs)}"
        needs = {name: others for name, others in needs.items() if name not in free}
