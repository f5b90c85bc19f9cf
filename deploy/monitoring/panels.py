"""What a dashboard is made of, as Grafana reads it: numbers, plots, and rows of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: Which Prometheus is asked is chosen on the dashboard.
DATASOURCE: Mapping[str, str] = {"type": "prometheus", "uid": "${datasource}"}
_COLUMNS = 24
_ROW_HEIGHT = 1

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One expression or several, and what they are called."""

    title: str
    #: Legend → PromQL.
    shows: Mapping[str, str]
    unit: str = "short"
    #: From which values on it is yellow, and red; none: it is never.
    limits: Sequence[float] = ()
    meaning: str = ""
    kind: str = "timeseries"
    height: int = 8
    options: Json = field(default_factory=lambda: {"tooltip": {"mode": "multi", "sort": "desc"}})

    def as_json(self) -> Json:
        """Describe it without its place."""
        colours = ("green", "yellow", "red")
        steps = [
            {"color": colour, "value": limit}
            for colour, limit in zip(colours, (None, *self.limits), strict=False)
        ]
        return {
            "type": self.kind,
            "title": self.title,
            "description": self.meaning,
            "datasource": dict(DATASOURCE),
            "fieldConfig": {
                "defaults": {
                    "unit": self.unit,
                    "min": 0,
                    "thresholds": {"mode": "absolute", "steps": steps},
                },
                "overrides": [],
            },
            "options": self.options,
            "targets": [
                {
                    "refId": chr(ord("A") + number),
                    "datasource": dict(DATASOURCE),
                    "expr": expression,
                    "legendFormat": legend,
                }
                for number, (legend, expression) in enumerate(self.shows.items())
            ],
        }


def number(
    title: str,
    expression: str,
    unit: str = "short",
    limits: Sequence[float] = (),
    meaning: str = "",
) -> Panel:
    """Show one number, with its course behind it."""
    return Panel(
        title=title,
        shows={"": expression},
        unit=unit,
        limits=limits,
        meaning=meaning,
        kind="stat",
        height=4,
        options={"reduceOptions": {"calcs": ["lastNotNull"]}, "graphMode": "area"},
    )


def plot(title: str, shows: Mapping[str, str], unit: str = "short", meaning: str = "") -> Panel:
    """Show lines."""
    return Panel(title=title, shows=shows, unit=unit, meaning=meaning)


@dataclass(frozen=True)
class Row:
    """Panels beside each other, under a heading."""

    title: str
    panels: Sequence[Panel]


def lay_out(rows: Sequence[Row]) -> Iterator[Json]:
    """Give each panel its place and its number, from the top."""
    top = identity = 0
    for row in rows:
        identity += 1
        place = {"x": 0, "y": top, "w": _COLUMNS, "h": _ROW_HEIGHT}
        yield {"id": identity, "type": "row", "title": row.title, "gridPos": place, "panels": []}
        top += _ROW_HEIGHT
        width = _COLUMNS // len(row.panels)
        for column, panel in enumerate(row.panels):
            identity += 1
            place = {"x": column * width, "y": top, "w": width, "h": panel.height}
            yield {"id": identity, "gridPos": place, **panel.as_json()}
        top += row.panels[0].height
