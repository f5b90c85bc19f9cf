"""The stack's Prometheus, asked by its API."""

from __future__ import annotations

from typing import Any

import httpx

from tests.monitoring import Asked


class Prometheus:
    """What it knows."""

    def __init__(self, url: str) -> None:
        self._url = url

    def jobs_that_are_up(self) -> set[str]:
        """Name the kinds of processes of which it reaches one."""
        targets = self.get("targets", state="active")["activeTargets"]
        return {it["labels"]["job"] for it in targets if it["health"] == "up"}

    def ask(self, asked: Asked) -> list[Any]:
        """Answer a question of the dashboard's or of an alert's; nothing if it knows nothing of that."""
        expression = asked.expression.replace("$__rate_interval", "1m")
        found: list[Any] = self.get("query", query=expression)["result"]
        return found

    def get(self, path: str, **parameters: str) -> dict[str, Any]:
        answer = httpx.get(f"{self._url}/api/v1/{path}", params=parameters, timeout=10).json()
        assert answer["status"] == "success", answer
        return dict(answer["data"])
