"""The settings that the local installation gives to its processes."""

from __future__ import annotations

from collections.abc import Iterable

from deploy.local.address import Address
from deploy.local.data_directory import DataDirectory
from deploy.local.servers.postgres import Postgres
from deploy.local.servers.seaweedfs import SeaweedFS
from deploy.local.servers.valkey import Valkey
from shared.objects.public_endpoint import HOST

#: What a local installation runs beside its processes.
LocalServer = Postgres | Valkey | SeaweedFS


def settings_of(
    home: DataDirectory, address: Address, servers: Iterable[LocalServer]
) -> dict[str, str]:
    """Name the CUTWORK_ variables of an installation that runs these servers by itself."""
    settings = {
        "CUTWORK_DATABASE_URL": home.database_url,
        "CUTWORK_MODELS_DIR": str(home.models),
        "CUTWORK_CORS_ORIGINS": ",".join(address.page_origins),
    }
    if address.is_loopback:
        # Elsewhere everybody could use the service without a key.
        settings["CUTWORK_KEYLESS"] = "1"
    for server in servers:
        if isinstance(server, Postgres):
            settings["CUTWORK_DATABASE_URL"] = server.url
        elif isinstance(server, Valkey):
            settings["CUTWORK_REDIS_URL"] = server.url
        else:
            settings["CUTWORK_S3_ENDPOINT"] = server.endpoint
            settings["CUTWORK_S3_ACCESS_KEY"] = server.access_key
            settings["CUTWORK_S3_SECRET_KEY"] = server.secret_key
            if not address.is_loopback:
                settings["CUTWORK_S3_PUBLIC_ENDPOINT"] = f"http://{HOST}:{address.of_results.port}"
    return settings
