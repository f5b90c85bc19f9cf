"""`cutwork-admin`: what an operator does by hand."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import click
from pydantic import SecretStr

from deploy.doctor.command import doctor
from deploy.environment_file import taken_from
from deploy.explain import explain
from deploy.models import models
from deploy.webhooks import webhooks
from shared.database import Database, open_database
from shared.errors import CutworkError, Misconfigured
from shared.key_store import ApiKey, KeyStore, UnusableKey
from shared.object_store import ObjectStore
from shared.schema import check_schema, migrate
from shared.settings import Settings, groups, load_settings, variable

_HOME = Path(__file__).parents[1]


@click.group()
@click.option(
    "--environment",
    type=click.Path(path_type=Path),
    help="Take all CUTWORK_ variables from this file, and none of the shell's: `make run` leaves .cutwork/environment.",
)
@click.pass_context
def admin(context: click.Context, environment: Path | None) -> None:
    """Set up and look after a Cutwork installation; CUTWORK_ variables say which."""
    context.obj = environment
    if environment is not None:
        context.with_resource(taken_from(environment))


admin.add_command(doctor)
admin.add_command(explain)
admin.add_command(models)
admin.add_command(webhooks)


@admin.command()
@click.option(
    "--key",
    "own_keys",
    metavar="TENANT FILE",
    type=(str, click.Path(path_type=Path)),
    multiple=True,
    help="See to it that TENANT has the key in FILE, so that a service has one from its first start on.",
)
def setup(own_keys: tuple[tuple[str, Path], ...]) -> None:
    """Migrate the database; make the buckets and their lifecycle rules.

    Run it before the first start and after every update: what is right already stays as it is.
    """
    settings = load_settings()
    database = open_database(settings)
    version = migrate(database)
    _tell_place(settings, database)
    click.echo(f"database: schema {version.revision} is there")
    for tenant, file in own_keys:
        key = _take_key(KeyStore(database), tenant, file)
        click.echo(f"key {key.id} of {tenant}: {_state(key)}")
    click.echo(f"Object store: {settings.s3_endpoint}", err=True)
    ObjectStore(settings).set_up()
    click.echo("object store: buckets and lifecycle rules are there")


@admin.command()
def settings() -> None:
    """Print all settings, a table for each group: docs/reference/settings.md."""
    for group in groups():
        click.echo(f"## {str(group.__doc__).removesuffix('.')}\n")
        click.echo("| variable | default | meaning |\n|---|---|---|")
        for name, field in group.model_fields.items():
            default = "" if field.default_factory else _shown(field.default)
            click.echo(f"| `{variable(name)}` | {_code(default)} | {field.description} |")
        click.echo()


@admin.group()
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command()
@click.argument("tenant")
@click.option(
    "--days", type=click.IntRange(1, 36_500), help="End the key by itself after so many days."
)
def create(tenant: str, days: int | None) -> None:
    """Make a key for TENANT and show it, once.

    A tenant may have several keys: to change one, make the next, switch over, revoke the old one.
    """
    valid_for = None if days is None else timedelta(days=days)
    key, text = KeyStore(_database_of_keys()).create(tenant, valid_for)
    click.echo(text)
    click.echo(f"Key {key.id} of {tenant}. It is not stored and cannot be shown again.", err=True)


@keys.command("list")
def list_keys() -> None:
    """List all keys, without their secrets."""
    for key in KeyStore(_database_of_keys()).list_all():
        click.echo(f"{key.id}  {key.tenant:<24}  {key.created_at:%Y-%m-%d}  {_state(key)}")


@keys.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """End the key KEY_ID at once."""
    key_store = KeyStore(_database_of_keys())
    if not (key_id.isprintable() and key_store.revoke(key_id)):
        raise click.ClickException(f"no live key {key_id!a}: `cutwork-admin keys list` shows them")
    click.echo(f"Key {key_id} is revoked.")


def main() -> None:
    """Run a command; what this project raises on purpose is one line, not a traceback."""
    try:
        admin()
    except CutworkError as error:
        sys.exit(f"cutwork-admin: {error}")


def _database_of_keys() -> Database:
    """Open the database that was named: a key in the default one would be a key of no installation."""
    settings = load_settings()
    if "database_url" not in settings.model_fields_set:
        raise Misconfigured(
            "CUTWORK_DATABASE_URL is not set. `cutwork-admin --environment .cutwork/environment …` takes it from "
            "`make run`; elsewhere set what the service has"
        )
    database = open_database(settings)
    check_schema(database)
    _tell_place(settings, database)
    return database


def _tell_place(settings: Settings, database: Database) -> None:
    """Say which database that is, and who named it; one that is not usable is an error of one line."""
    source = click.get_current_context().find_root().obj or "CUTWORK_DATABASE_URL"
    if "database_url" not in settings.model_fields_set:
        source = "default, since CUTWORK_DATABASE_URL is not set"
    click.echo(f"Database: {database.place} ({source})", err=True)


def _take_key(key_store: KeyStore, tenant: str, file: Path) -> ApiKey:
    try:
        return key_store.take(tenant, file.read_text(encoding="utf-8").strip())
    except OSError as error:
        raise UnusableKey(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnusableKey(f"{file} holds no key: it is not text") from None
    except UnusableKey as error:
        raise UnusableKey(f"{file} holds no key for {tenant}: {error}") from None


def _shown(default: object) -> object:
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, Path) and default.is_relative_to(_HOME):
        # What comes with Cutwork lies elsewhere on each machine.
        return default.relative_to(_HOME)
    return default


def _code(default: object) -> str:
    return f"`{default}`" if default != "" else ""


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires_at is not None:
        return f"valid until {key.expires_at:%Y-%m-%d}"
    return "valid"


if __name__ == "__main__":
    main()
