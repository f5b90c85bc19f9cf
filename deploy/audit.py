"""`cutwork-admin audit`: what was done to keys and webhooks."""

from __future__ import annotations

import json

import click

from deploy.named_database import open_named_database
from shared.tenants.audit import AuditLog, Entry

_MOST = 10_000


@click.command()
@click.option("--tenant", help="Only what was done to the things of this tenant.")
@click.option("--limit", type=click.IntRange(1, _MOST), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def audit(tenant: str | None, limit: int, *, as_json: bool) -> None:
    """Show who did what to keys and webhooks, newest first."""
    for entry in AuditLog(open_named_database()).list_entries(tenant, limit):
        click.echo(_as_json(entry) if as_json else _as_line(entry))


def _as_line(entry: Entry) -> str:
    when = f"{entry.created_at:%Y-%m-%d %H:%M:%S}Z"
    details = " ".join(f"{name}={it}" for name, it in entry.details.items() if it not in {None, ""})
    words = (when, entry.actor, entry.action, entry.tenant, entry.subject, entry.address)
    return "  ".join(word for word in (*words, entry.request_id, details) if word)


def _as_json(entry: Entry) -> str:
    shown = {**vars(entry), "id": str(entry.id), "created_at": entry.created_at.isoformat()}
    return json.dumps(shown, ensure_ascii=False)
