"""Where the service is, and the key for it: from arguments, the environment, or what `cutwork login` stored."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cutwork.errors import NoKey, Unusable
from cutwork.files import write_whole

URL_VARIABLE, KEY_VARIABLE = "CUTWORK_URL", "CUTWORK_KEY"
DEFAULT_URL = "http://127.0.0.1:8000"

#: A service on this machine that has no keys yet takes any.
_ANY = "any"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Access:
    """A service, and the key for it."""

    url: str
    key: str

    def __repr__(self) -> str:
        """Show it without the key."""
        return f"Access(url={self.url!r})"


def find_access(url: str | None = None, key: str | None = None) -> Access:
    """Find out where the service is, and the key for it.

    A stored key is sent to the service that it was stored for, and to no other.

    Raises:
        Unusable: The URL is not valid, or the stored key cannot be read.
        NoKey: No key is known for this service.
    """
    stored = read_stored()
    url = url or os.environ.get(URL_VARIABLE) or (stored.url if stored else DEFAULT_URL)
    url = checked_url(url)
    key = key or os.environ.get(KEY_VARIABLE)
    if not key and stored and stored.url == url:
        key = stored.key
    if not key and is_on_this_machine(url):
        key = _ANY
    if not key:
        raise NoKey(f"No key is known for {url}: run `cutwork login`, or set {KEY_VARIABLE}.")
    return Access(url, checked_key(key))


def checked_url(url: str) -> str:
    """Check a base URL, and return it without a slash at its end.

    Raises:
        Unusable: It is not the address of a service.
    """
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or parts.username or parts.query or parts.fragment:
        raise Unusable(f"{url!a} is no address of a service, such as https://cutwork.example.com")
    return url.rstrip("/")


def checked_key(key: str) -> str:
    """Check a key, and return it without white space around it. A line break in it would begin another header.

    Raises:
        Unusable: It cannot be a key.
    """
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise Unusable("This is no key: a key is one word of visible ASCII characters.")
    return key


def is_on_this_machine(url: str) -> bool:
    """Tell whether requests stay on this machine, where nobody can listen on the way."""
    return urlsplit(url).hostname in _LOOPBACK


def store_path() -> Path:
    """Say where `cutwork login` stores a key."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "cutwork" / "login.json"


def store(access: Access) -> Path:
    """Keep a key, in a file that its owner alone can read."""
    path = store_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = json.dumps({"url": access.url, "key": access.key}, indent=1) + "\n"
    write_whole(path, content.encode(), mode=0o600)
    return path


def read_stored() -> Access | None:
    """Read what `cutwork login` stored; None if it stored nothing.

    Raises:
        Unusable: The file is damaged, or other users can read it.
    """
    path = store_path()
    try:
        with path.open(encoding="utf-8") as file:
            if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise Unusable(f"{path} can be read by others. Run: chmod 600 {path}")
            told = json.load(file)
        return Access(str(told["url"]), str(told["key"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{path} cannot be read ({error}). Run `cutwork login` again.") from None
