"""Certificates for servers that talk to each other alone: who has none of them is not even heard.

Other users of a machine reach its loopback ports as we do. A server that asks for a certificate of this authority
answers nobody else, because its key lies in a folder that is closed to them.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import trustme

#: In both certificates. Nobody checks it: what counts is the authority.
_NAME = "cutwork"


class MutualTls:
    """One authority and one certificate, for the servers and for their clients alike."""

    def __init__(self, directory: Path) -> None:
        """Name the folder; nothing is written yet."""
        self._directory = directory
        self.authority = directory / "authority.pem"
        self.certificate = directory / "certificate.pem"
        self.key = directory / "key.pem"

    def renew(self, host: str) -> None:
        """Make new ones for a server on this host, in the place of those that were there."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        authority = trustme.CA(organization_name=_NAME)
        made = authority.issue_cert(host, common_name=_NAME)
        self.authority.write_bytes(authority.cert_pem.bytes())
        self.certificate.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        self.key.unlink(missing_ok=True)
        with os.fdopen(os.open(self.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as key:
            key.write(made.private_key_pem.bytes())

    def client_context(self) -> ssl.SSLContext:
        """For a client that shows the certificate, and wants to see one of the same authority.

        Raises:
            OSError: There are none yet.
        """
        context = ssl.create_default_context(cafile=self.authority)
        context.load_cert_chain(self.certificate, self.key)
        return context
