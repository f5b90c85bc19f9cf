"""What a run came to: figures, the ledger as a table, and JSON to draw from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from shared.job import JobStatus
from tests.fault.audit import is_spent
from tests.fault.hand import Fault
from tests.fault.ledger import Ledger
from tests.fault.order import RIGHT_ERROR, Kind


@dataclass
class Report:
    """Everything known after a run."""

    seed: str
    seconds: int
    #: How long there were faults.
    storm_seconds: float
    began: float
    ledger: Ledger
    faults: list[Fault]
    rows: Mapping[str, Mapping[str, Any]]
    changed: list[str]
    #: Questions whose answers have the same pixels in different bytes (`tests.fault.contrast` knows why).
    repacked: int
    #: Jobs whose end was told to who wanted it, and how often it was told once more.
    webhooks: Mapping[str, int]
    inputs_left: int
    inputs_unknown: int
    results_superseded: int
    ended_by_themselves: int
    logged: Mapping[str, int]

    @cached_property
    def lost(self) -> list[str]:
        """Accepted ids that have no end, or no row."""
        return [
            entry.task_id
            for entry in self.ledger.entries.values()
            if not entry.is_settled or entry.task_id not in self.rows
        ]

    @property
    def doubled(self) -> list[str]:
        return self.ledger.doubled_keys()

    @property
    def untried(self) -> list[Kind]:
        """Kinds of photos of which none came to its end: a run without them shows nothing."""
        ended = {entry.order.kind for entry in self.ledger.entries.values() if entry.is_settled}
        return [kind for kind in RIGHT_ERROR if kind not in ended]

    @property
    def is_balanced(self) -> bool:
        return not (self.lost or self.doubled or self.troubles)

    @property
    def troubles(self) -> list[str]:
        return [
            *self.ledger.violations,
            *self.changed,
            *(f"no photo of the kind '{kind}' came to its end" for kind in self.untried),
        ]

    def figures(self) -> dict[str, Any]:
        """Name every figure."""
        rows = [self.rows[id_] for id_ in self.ledger.entries if id_ in self.rows]
        ended = Counter(str(row["error_code"] or row["status"]) for row in rows)
        answers = self.ledger.answers
        return {
            "posts": sum(answers.values()),
            "answers": dict(sorted(answers.items())),
            "accepted": len(self.ledger.entries),
            "idempotency keys": len(self.ledger.ids_by_key),
            "ended": dict(ended.most_common()),
            "attempts spent by faults": sum(map(is_spent, rows)),
            "jobs with more than one attempt": sum(row["attempt"] > 1 for row in rows),
            "faults": len(self.faults),
            "kills": sum(fault.act == "kill" for fault in self.faults),
            "faults by kind": self.faults_by_kind(),
            "processes that ended by themselves": self.ended_by_themselves,
            "logged": dict(self.logged),
            "slowest job, s": round(max(self._durations(), default=0), 1),
            "median job, s": round(_median(self._durations()), 2),
            "slowest recovery, s": round(max(self.recoveries(), default=0), 1),
            "slowest answer to an async post, s": round(self.ledger.slowest_accept, 1),
            "rows no client knows": len(self.rows) - len(rows),
            "results of attempts that lost": self.results_superseded,
            "uploads left for the expiry": self.inputs_left,
            "uploads left for the bucket's rule": self.inputs_unknown,
            "answers of the same pixels in other bytes": self.repacked,
            "webhooks": dict(self.webhooks),
            "lost": len(self.lost),
            "doubled": len(self.doubled),
            "changed after they were read": len(self.changed),
            "violations": len(self.ledger.violations),
        }

    def faults_by_kind(self) -> dict[str, int]:
        kinds = Counter(f"{fault.target.rstrip(' 12')}: {fault.act}" for fault in self.faults)
        return dict(sorted(kinds.items()))

    def recoveries(self) -> list[float]:
        """Seconds from the end of each fault until all that was accepted before it had ended."""
        spans = sorted(self._spans())
        found = []
        for fault in self.faults:
            last = max((end for start, end in spans if start < fault.ended), default=fault.ended)
            found.append(max(0.0, last - fault.ended))
        return found

    def table(self) -> str:
        """Write the figures as Markdown."""
        lines = ["| what | how many |", "|---|---|"]
        for name, value in {
            "seed": f"`{self.seed}`",
            "seconds": self.seconds,
            **self.figures(),
        }.items():
            shown = (
                ", ".join(f"{key} {count}" for key, count in value.items())
                if isinstance(value, dict)
                else value
            )
            lines.append(f"| {name} | {shown} |")
        return "\n".join(lines)

    def write(self, file: Path) -> None:
        """Write everything that a plot needs, and every trouble."""
        jobs = [
            [round(start - self.began, 2), round(end - self.began, 2), status]
            for (start, end), status in zip(self._spans(), self._statuses(), strict=True)
        ]
        content = {
            "seed": self.seed,
            "seconds": self.seconds,
            "storm_seconds": self.storm_seconds,
            "figures": self.figures(),
            "troubles": self.troubles[:200],
            "faults": [
                {
                    **asdict(fault),
                    "began": fault.began - self.began,
                    "ended": fault.ended - self.began,
                }
                for fault in self.faults
            ],
            "jobs": jobs,
        }
        file.write_text(json.dumps(content, indent=1, default=str))

    def _known(self) -> list[Mapping[str, Any]]:
        return [
            self.rows[id_]
            for id_ in self.ledger.entries
            if id_ in self.rows and self.rows[id_]["finished_at"] is not None
        ]

    def _spans(self) -> list[tuple[float, float]]:
        return [
            (row["created_at"].timestamp(), row["finished_at"].timestamp()) for row in self._known()
        ]

    def _statuses(self) -> list[str]:
        return [JobStatus(row["status"]).value for row in self._known()]

    def _durations(self) -> list[float]:
        return [end - start for start, end in self._spans()]


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
