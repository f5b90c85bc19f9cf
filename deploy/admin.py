"""`cutwork-admin`: what an operator does by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from pydantic import SecretStr

from deploy.audit import audit
from deploy.capacity.command import capacity
from deploy.doctor.command import doctor
from deploy.environment_file import taken_from
from deploy.explain import explain
from deploy.keys import keys, show_key, state_of
from deploy.models import models
from deploy.named_database import tell_place
from deploy.operator_name import operator
from deploy.top import top
from deploy.trace.command import trace
from deploy.webhooks import webhooks
from shared.errors import CutworkError
from shared.objects.store import ObjectStore
from shared.settings.settings import groups, load_settings, variable
from shared.sql.database import open_database
from shared.sql.schema import migrate
from shared.tenants.api_key import ApiKey, UnusableKey
from shared.tenants.key_store import KeyStore

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


admin.add_command(audit)
admin.add_command(capacity)
admin.add_command(doctor)
admin.add_command(explain)
admin.add_command(keys)
admin.add_command(models)
admin.add_command(top)
admin.add_command(trace)
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
@click.option(
    "--first-key",
    "first_tenant",
    metavar="TENANT",
    help="Make a key for TENANT and show it, if none was ever made.",
)
def setup(own_keys: tuple[tuple[str, Path], ...], first_tenant: str | None) -> None:
    """Migrate the database; make the buckets and their lifecycle rules.

    Run it before the first start and after every update: what is right already stays as it is.
    """
    settings = load_settings()
    database = open_database(settings)
    version = migrate(database)
    tell_place(settings, database)
    click.echo(f"database: schema {version.revision} is there")
    key_store = KeyStore(database)
    for tenant, file in own_keys:
        key = _take_key(key_store, tenant, file)
        click.echo(f"key {key.id} of {tenant}: {state_of(key)}")
    click.echo(f"Object store: {settings.s3_endpoint}", err=True)
    ObjectStore(settings).set_up()
    click.echo("object store: buckets and lifecycle rules are there")
    if first_tenant is not None and (made := key_store.create_first(first_tenant, by=operator())):
        show_key(*made)


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


def main() -> None:
    """Run a command; what this project raises on purpose is one line, not a traceback."""
    try:
        admin()
    except CutworkError as error:
        sys.exit(f"cutwork-admin: {error}")


def _take_key(key_store: KeyStore, tenant: str, file: Path) -> ApiKey:
    try:
        return key_store.take(tenant, file.read_text(encoding="utf-8").strip(), operator())
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


if __name__ == "__main__":
    main()
