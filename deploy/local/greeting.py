"""What the user sees when everything is up."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from deploy.local.address import Address
from shared.objects.public_endpoint import HOST

#: A T-shirt on a sheet, drawn for this.
_PHOTO = Path(__file__).with_name("photo.jpg")
_ADMIN = Path(sys.executable).with_name("cutwork-admin")


def greeting(
    address: Address, environment: Path, results_url: str, *, has_keys: bool = False
) -> str:
    """Say where the service is, with a command that works as it stands, or with a key where it needs one.

    Args:
        address: Of the service.
        environment: The file of its settings, for `cutwork-admin`.
        results_url: Where result URLs lead.
        has_keys: Whether a key was ever made: then no other will do.
    """
    url = f"{address.url}/api/cutout/general/apparel-background-removal"
    example, key = "any", "Any key will do, until you make the first one:"
    if has_keys:
        example, key = "<key>", "Every request needs one of its keys. For another:"
    if not address.is_loopback:
        example, key = "<key>", _for_others(address, results_url)
    return f"""
Cutwork is up. With curl:

    curl -s {url} -H 'ailabapi-api-key: {example}' -F image=@{shlex.quote(str(_PHOTO))} -F cloth_class=tops,coat

{key}

    {shlex.quote(str(_ADMIN))} --environment {shlex.quote(str(environment))} keys create my-shop

What its processes say lies in {environment.parent}/*.log. Ctrl-C stops it all. Drop photos here, in a browser:

    {address.url}/
"""


def _for_others(address: Address, results_url: str) -> str:
    """Say what it takes to use it from another machine."""
    where = f"Result URLs lead to {results_url}"
    if HOST in results_url:
        where = f"Results are at port {address.of_results.port} of the same host: let clients reach that too"
    return f"""{where}.
CUTWORK_S3_PUBLIC_ENDPOINT=http://<host>:<port> names another way, as through a proxy or published ports.
Every request needs a key:"""
