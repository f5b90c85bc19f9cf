"""`cutwork-admin keys`: the operator's keys, for any tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import click

from deploy.named_database import open_named_database
from deploy.operator_name import operator
from shared.errors import Misconfigured
from shared.settings.settings import load_settings, variable
from shared.tenants.api_key import LONGEST_NAME, USUAL, ApiKey, Scope, Terms, fault_of_name
from shared.tenants.key_store import KeyStore

#: As much as the column holds.
_LARGEST = 2**31 - 1
_HEADING = f"{'id':<12}  {'tenant':<24}  {'scopes':<17}  {'made':<10}  {'last used':<10}  state"


@click.group()
def keys() -> None:
    """Make, list, rotate and revoke API keys."""


def _checked_name(_context: click.Context, _option: click.Parameter, name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise click.BadParameter(f"a key's name has at most {LONGEST_NAME} characters")
    if fault := fault_of_name(name):
        raise click.BadParameter(f"a key's name has {fault}")
    return name


@keys.command()
@click.argument("tenant")
@click.option("--name", default="", callback=_checked_name, help="What you call the key.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    default=sorted(scope.value for scope in USUAL),
    show_default="submit and read",
    help="What the key may do; may be given several times. `admin`: look after the tenant's keys; "
    "`observe`: see the whole installation at /ops; `operate`: withdraw anybody's jobs there.",
)
@click.option(
    "--days", type=click.IntRange(1, 36_500), help="End the key by itself after so many days."
)
@click.option(
    "--rate-per-minute",
    type=click.IntRange(1, _LARGEST),
    help="Uploads a minute that may come with this key; otherwise what the service grants a tenant.",
)
@click.option(
    "--max-queued",
    type=click.IntRange(1, _LARGEST),
    help="So many jobs that came with this key may wait; otherwise what the service grants a tenant.",
)
@click.option(
    "--callback-url",
    default="",
    help="Who is told of the end of its jobs, unless they say; signed by a secret of its own, which is shown once.",
)
def create(
    tenant: str,
    *,
    name: str,
    scopes: Sequence[str],
    days: int | None,
    rate_per_minute: int | None,
    max_queued: int | None,
    callback_url: str,
) -> None:
    """Make a key for TENANT and show it, once.

    A tenant may have several keys. Jobs that were made before there was any key are those of the tenant `local`.
    """
    terms = Terms(
        name=name,
        scopes=frozenset(Scope(scope) for scope in scopes),
        valid_for=None if days is None else timedelta(days=days),
        rate_per_minute=rate_per_minute,
        max_queued=max_queued,
        callback_url=_checked_url(callback_url),
    )
    key, text = KeyStore(open_named_database()).create(tenant, terms, operator())
    show_key(key, text)


@keys.command("list")
def list_keys() -> None:
    """List all keys, without their secrets."""
    found = KeyStore(open_named_database()).list_all()
    if found:
        click.echo(_HEADING, err=True)
    for key in found:
        scopes = ",".join(scope for scope in Scope if scope in key.scopes)
        click.echo(
            f"{key.id}  {key.tenant:<24}  {scopes:<17}  {key.created_at:%Y-%m-%d}  {_used(key):<10}  {state_of(key)}"
            + (f"  {key.name}" if key.name else "")
        )


def _used(key: ApiKey) -> str:
    return f"{key.last_used_at:%Y-%m-%d}" if key.last_used_at else "never"


@keys.command()
@click.argument("key_id")
@click.option(
    "--overlap",
    type=click.IntRange(0, 365 * 24),
    default=24,
    show_default=True,
    help="Hours that KEY_ID still opens; 0 ends it at once.",
)
def rotate(key_id: str, overlap: int) -> None:
    """Make another key like KEY_ID, which ends a little later, and show it, once."""
    key_store = KeyStore(open_named_database())
    # What is no text cannot be asked for.
    known = key_id if key_id.isprintable() else ""
    made = key_store.rotate(known, timedelta(hours=overlap), operator())
    if made is None:
        raise _no_live_key(key_id)
    show_key(*made)


@keys.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """End the key KEY_ID at once."""
    key_store = KeyStore(open_named_database())
    if not (key_id.isprintable() and key_store.revoke(key_id, operator())):
        raise _no_live_key(key_id)
    click.echo(f"Key {key_id} is revoked.")


def _checked_url(url: str) -> str | None:
    if not url:
        return None
    settings = load_settings()
    if not settings.signing_secrets:
        raise Misconfigured(f"{variable('webhook_secrets')} is not set: there are no webhooks")
    return settings.webhook_policy.read_url(url).url


def show_key(key: ApiKey, text: str) -> None:
    """Show a new key: its text alone on standard output, for a script to take."""
    click.echo(text)
    for secret in key.webhook_secrets[:1]:
        click.echo(f"Webhooks of its jobs are signed by {secret}", err=True)
    click.echo(
        f"Key {key.id} of {key.tenant}. It is not stored and cannot be shown again.", err=True
    )


def _no_live_key(key_id: str) -> click.ClickException:
    return click.ClickException(f"no live key {key_id!a}: `cutwork-admin keys list` shows them")


def state_of(key: ApiKey) -> str:
    """Say how long a key is valid."""
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires_at is not None:
        return f"valid until {key.expires_at:%Y-%m-%d}"
    return "valid"
