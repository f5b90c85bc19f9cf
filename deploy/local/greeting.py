"""What the user sees when everything is up."""

from __future__ import annotations

import shlex
import shutil
from importlib.resources import as_file, files
from pathlib import Path

from deploy.local.address import Address


def lay_out_photo(path: Path) -> None:
    """Put a photo there to try the service with: a person in an orange suit (NASA, public domain)."""
    with as_file(files("skimage") / "data" / "astronaut.png") as bundled:
        shutil.copyfile(bundled, path)


def greeting(address: Address, environment: Path, photo: Path) -> str:
    """Say where the service is, with a command that works as it stands."""
    url = f"{address.url}/api/cutout/general/apparel-background-removal"
    key = "Any key will do, until cutwork-admin makes the first one."
    if not address.is_loopback:
        key = "Every request needs a key from `cutwork-admin keys create`."
    return f"""
Cutwork is up: {address.url}

    curl -s {url} -H 'ailabapi-api-key: any' -F image=@{shlex.quote(str(photo))} -F cloth_class=tops,coat

{key} Before cutwork-admin:  . {shlex.quote(str(environment))}
Ctrl-C stops it all.
"""
