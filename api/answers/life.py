"""The life of a job: what happened, when, and how long after what was before."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from api.answers.envelope import for_data
from api.answers.overseen import OverseenJob, tell_job
from shared.jobs.envelope import Envelope
from shared.jobs.history import Event
from shared.jobs.life import Kind, Moment, moments_of
from shared.jobs.overseeing import Overseen
from shared.wire.types import Count, Time, rfc3339


class LifeEvent(TypedDict):
    """Something that happened to a job."""

    at: Time
    event: Annotated[
        Kind,
        Field(
            description="`stored`; `claimed` by a worker; `retried`: the attempt failed and another one may help; "
            "`released`: handed back, uncounted; `cut_off`: the worker was not heard of any more; `refused`: an "
            "attempt came too late; or the state in which the job ended."
        ),
    ]
    seconds: Annotated[float, Field(ge=0, description="Since the event before.")]
    attempt: Annotated[Count, Field(description="0: none yet.")]
    words: Annotated[str, Field(description="The worker, the code of the error, or nothing.")]
    parts: Annotated[
        dict[str, Count],
        Field(
            description="What the attempt took, in milliseconds: to fetch, decode, cut out, store."
        ),
    ]


class Life(TypedDict):
    """A job and all that happened to it."""

    job: OverseenJob
    events: list[LifeEvent]


def for_life(seen: Overseen) -> Envelope:
    """Tell a life."""
    moments = list(moments_of(seen))
    events = [_event(moments[0], moments[0])]
    events += [_event(before, moment) for before, moment in pairwise(moments)]
    return for_data(Life(job=tell_job(seen), events=events))


def _event(before: Moment, moment: Moment) -> LifeEvent:
    parts = dict(_parts(moment.words)) if moment.event is Event.SUCCEEDED else {}
    return LifeEvent(
        at=rfc3339(moment.at),
        event=moment.event,
        seconds=max(0.0, round((moment.at - before.at).total_seconds(), 3)),
        attempt=moment.attempt,
        words="" if parts else moment.words,
        parts=parts,
    )


def _parts(words: str) -> Iterator[tuple[str, int]]:
    for word in words.split():
        name, _, milliseconds = word.partition("=")
        if milliseconds.isdecimal():
            yield name, int(milliseconds)
