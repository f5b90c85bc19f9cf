"""What a worker runs, and how much of it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from shared.settings.bounds import Count, Seconds


def _default_concurrency(known: dict[str, Any]) -> int:
    on_gpu = known.get("execution_provider", "cpu") != "cpu"
    return 2 * int(known.get("max_batch_size", 1)) if on_gpu else 2


class WorkerSettings(BaseModel):
    """The worker."""

    model: str = Field("cutwork-1", description="Name of a folder in `worker/models`, or a path.")
    models_dir: Path = Field(
        Path(".cutwork/models"),
        description="Folder that `cutwork-admin models pull` fills with other people's networks.",
    )
    execution_provider: Literal["cpu", "cuda"] = Field(
        "cpu", description="Where the network runs. A worker that cannot have it does not start."
    )
    second_look: bool = Field(
        True,
        description="Show the network each photo twice, mirrored and nearer the second time: "
        "better cut-outs for three times its time.",
    )
    max_batch_size: Count = Field(
        8, description="Photos in one run of the network on a GPU; on a CPU each runs alone."
    )
    worker_concurrency: Count = Field(
        default_factory=_default_concurrency,
        description="Jobs a worker works on at once, best as many as it has cores. Default: 2; on a GPU twice "
        "`max_batch_size`, so that a batch is decoded while another runs.",
    )
    max_megapixels: Count = Field(
        36,
        description="Millions of pixels that a worker works on at once: with more, a job waits for another's end. "
        "Each takes up to 20 MB; a photo has 9 at the most, and counts as 1 at the least.",
    )
    max_queue_delay: Seconds = Field(
        0.005, description="Seconds a photo waits for others to share a run with."
    )
    gpu_memory_limit: int = Field(
        0,
        ge=0,
        description="Bytes of a GPU's memory that the network may take, where several workers share one; 0: no limit.",
    )
    shutdown_grace: Seconds = Field(
        25,
        description="Seconds a stopping worker gives its jobs before it hands them back.",
    )

    @model_validator(mode="after")
    def _can_fill_a_batch(self) -> Self:
        if self.execution_provider != "cpu" and self.max_batch_size > self.worker_concurrency:
            raise ValueError(
                "max_batch_size must not be larger than worker_concurrency: no more photos come together"
            )
        return self
