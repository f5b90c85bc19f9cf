"""`cutwork-admin capacity`: plan, simulate, measure."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from deploy.capacity.demand import Demand
from deploy.capacity.planning.plan import plan_for
from deploy.capacity.sheet import as_text
from deploy.capacity.simulation.policy import Policy
from deploy.capacity.unit_costs import FILE, UnitCosts, numbers, read

_PHOTO = Path(__file__).parents[1] / "local" / "photo.jpg"


@click.group()
def capacity() -> None:
    """Say how large an installation has to be, and what it costs."""


@capacity.command()
@click.option("--photos", type=float, default=1e6, show_default=True, help="Photos a day: 1e6.")
@click.option("--megapixels", type=float, help="Of a photo, in the mean.")
@click.option("--pictures", type=float, help="That a job delivers: one, and one a category.")
@click.option("--peak", type=float, help="The busiest hour against the mean of the day.")
@click.option(
    "--costs",
    "file",
    type=click.Path(path_type=Path),
    default=FILE,
    help="Unit costs, in the form of deploy/capacity/unit_costs.toml.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def plan(
    *,
    photos: float,
    megapixels: float | None,
    pictures: float | None,
    peak: float | None,
    file: Path,
    as_json: bool,
) -> None:
    """Say what photos a day need: pods, database, stores, money, and which wall comes first.

    Prices, and what nobody has measured, are assumptions: docs/guides/scaling.md names them.
    """
    costs = _read(file)
    _check_positive(photos=photos, megapixels=megapixels, pictures=pictures, peak=peak)
    demand = Demand.of(photos, costs, megapixels=megapixels, pictures=pictures, peak=peak)
    found = plan_for(demand, costs)
    click.echo(json.dumps(asdict(found), indent=2) if as_json else as_text(found), nl=as_json)


@capacity.command()
@click.option("--photos", type=float, default=1e5, show_default=True, help="Photos a day: 1e5.")
@click.option(
    "--policy",
    type=click.Choice([policy.value for policy in Policy]),
    default=Policy.WORK_AND_AGE.value,
    show_default=True,
    help="What decides how many pods there are.",
)
@click.option("--setting", type=float, help="Pods (fixed), seconds (age), or jobs a pod.")
@click.option("--burst", type=int, default=0, help="Photos that come within a minute at 9:00.")
@click.option("--seed", type=int, default=1, show_default=True)
def simulate(*, photos: float, policy: str, setting: float | None, burst: int, seed: int) -> None:
    """Let a day of workers happen, event by event. A million photos take ten seconds or more."""
    try:
        from deploy.capacity.simulation.told import tell  # noqa: PLC0415 - it needs simpy
    except ImportError:
        raise click.ClickException("it needs simpy: pip install simpy") from None
    _check_positive(photos=photos, setting=setting)
    click.echo(tell(photos, policy, setting, burst, seed))


@capacity.command()
@click.argument("url")
@click.option(
    "--photo",
    "photos",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="A photo to send; several of different sizes say more. [default: one that comes with Cutwork]",
)
@click.option("--category", default="tops", show_default=True, help="For every second batch.")
@click.option("--jobs", type=click.IntRange(min=1), default=30, show_default=True)
@click.option(
    "--idle", type=float, default=20.0, show_default=True, help="Seconds to watch it do nothing."
)
@click.option(
    "--process",
    "processes",
    type=int,
    multiple=True,
    help="Id of a process of this machine whose CPU time counts, with all below it: that of `make run`.",
)
@click.option(
    "--redis-url", help="Of a user who may ask for MEMORY USAGE. [default: CUTWORK_REDIS_URL]"
)
def measure(
    *,
    url: str,
    photos: Sequence[Path],
    category: str,
    jobs: int,
    idle: float,
    processes: Sequence[int],
    redis_url: str | None,
) -> None:
    """Measure unit costs of the installation at URL, which should do nothing else meanwhile.

    CUTWORK_KEY is its key. PostgreSQL and Redis are those of the settings, and are only read; what this
    user may not see, and the CPU time of other machines, is left out.
    """
    from deploy.capacity.measuring.measurement import measure_installation  # noqa: PLC0415 - slow to import

    found = measure_installation(
        url,
        os.environ.get("CUTWORK_KEY") or "measure",
        [photo.read_bytes() for photo in photos or (_PHOTO,)],
        category=category,
        jobs=jobs,
        idle_seconds=idle,
        processes=processes,
        redis_url=redis_url,
        say=lambda line: click.echo(line, err=True),
    )
    bundled = {f"{it.group}.{it.name}": it for it in numbers()}
    click.echo(f"{'':<40}{'here':>14}{'bundled':>14}")
    for name, value in found.items():
        known = bundled.get(name)
        beside = f"{known.value:>14.6g} {known.unit}" if known else ""
        click.echo(f"{name:<40}{value:>14.6g}{beside}")


def _read(file: Path) -> UnitCosts:
    try:
        return read(file)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{file} holds no unit costs: {error}") from None


def _check_positive(**given: float | None) -> None:
    for name, value in given.items():
        if value is not None and not value > 0:
            raise click.BadParameter(f"--{name} must be more than 0")
