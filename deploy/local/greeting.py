"""What the user sees when everything is up."""

from __future__ import annotations

import shlex
from pathlib import Path

from deploy.local.address import Address

#: A T-shirt on a sheet, drawn for this.
_PHOTO = Path(__file__).with_name("photo.jpg")


def greeting(address: Address, environment: Path) -> str:
    """Say where the service is, with a command that works as it stands."""
    url = f"{address.url}/api/cutout/general/apparel-background-removal"
    key = "Any key will do, until cutwork-admin makes the first one."
    if not address.is_loopback:
        key = "Every request needs a key from `cutwork-admin keys create`."
    return f"""
Cutwork is up: {address.url}

    curl -s {url} -H 'ailabapi-api-key: any' -F image=@{shlex.quote(str(_PHOTO))} -F cloth_class=tops,coat

{key} Before cutwork-admin:  . {shlex.quote(str(environment))}
Ctrl-C stops it all.
"""
