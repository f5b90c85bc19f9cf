"""`cutwork-admin webhooks`: whether a receiver can be reached from here, and knows our signature."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

import click

from deploy.named_database import open_named_database
from deploy.operator_name import operator
from shared.errors import Misconfigured
from shared.outgoing.call import Limits
from shared.outgoing.caller import Caller
from shared.settings.settings import load_settings, variable
from shared.tenants.audit import Action, AuditLog
from shared.webhooks.signature import signed_headers

_LIMITS = Limits(max_bytes=1024 * 1024, seconds=15)


@click.group()
def webhooks() -> None:
    """Look after webhooks."""


@webhooks.command("test")
@click.argument("url")
def send_test(url: str) -> None:
    """Send URL a signed event `webhook.test`, once, as a sweeper with these settings would."""
    settings = load_settings()
    if not settings.signing_secrets:
        raise Misconfigured(f"{variable('webhook_secrets')} is not set: there are no webhooks")
    policy = settings.webhook_policy
    AuditLog(open_named_database()).note(operator(), Action.WEBHOOK_TEST, policy.read_url(url).host)
    now = datetime.now(UTC)
    event = {"type": "webhook.test", "timestamp": now.isoformat(), "data": {}}
    body = json.dumps(event).encode()
    headers = signed_headers(f"msg_{uuid.uuid4().hex}", now, body, settings.signing_secrets)
    answer = Caller(policy).post(url, body, _LIMITS, headers)
    if answer.status // 100 != 2:  # noqa: PLR2004 - 2xx, as everywhere
        raise click.ClickException(f"it answered {answer.status}: that would be tried again")
    click.echo(f"It answered {answer.status}: that would count.")
