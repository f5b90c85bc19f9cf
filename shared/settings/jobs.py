"""How long a job may take, and how soon the sweeper looks after it."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field, model_validator

from shared.settings.bounds import Count, Seconds


class JobSettings(BaseModel):
    """A job's life, and the sweeper."""

    lease: Seconds = Field(
        30,
        description="Seconds without a heartbeat after which a job is taken from its worker.",
    )
    max_attempts: Count = Field(3, description="Attempts a job gets before it fails.")
    retry_backoff: Seconds = Field(
        2, description="Seconds before the second attempt; doubled for each further one."
    )
    run_timeout: Seconds = Field(
        120, description="Seconds one attempt may run before its worker is stopped."
    )
    deadline: Seconds = Field(
        3600, description="Seconds after which a job that is still waiting fails."
    )

    sweep_interval: Seconds = Field(2, description="Seconds between two sweeps.")
    batch_window: Count = Field(
        500,
        description="Items of one tenant's batches that are in the queue at once; all others wait outside of it.",
    )
    republish_after: Seconds = Field(
        10, description="Seconds after which a message that seems lost is published again."
    )
    prune_after: Seconds = Field(
        7 * 24 * 3600, description="Seconds that the row of an expired job is kept."
    )
    usage_prune_after: Seconds = Field(
        400 * 24 * 3600,
        description="Seconds that it is kept how much each tenant used on a day; a day at least.",
    )
    audit_prune_after: Seconds = Field(
        400 * 24 * 3600,
        description="Seconds that a line of the audit log is kept.",
    )

    @model_validator(mode="after")
    def _leave_time_for_an_attempt(self) -> Self:
        if self.deadline <= self.run_timeout:
            raise ValueError("deadline must be longer than run_timeout")
        return self
