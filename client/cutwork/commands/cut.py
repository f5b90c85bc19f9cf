"""`cutwork cut`: a photo or a few, here and now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cutwork.access import Access
from cutwork.commands.exit_codes import ExitCode
from cutwork.commands.options import connection, with_access, with_pictures
from cutwork.errors import JobFailed, KeyRefused, Refusal, TryLater, Unusable
from cutwork.files import draft
from cutwork.names import name_of, raw, readable
from cutwork.options import Options

if TYPE_CHECKING:
    from cutwork.client import Client


@click.command()
@click.argument(
    "photos",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the pictures.  [beside each photo]",
)
@click.option("--force", is_flag=True, help="Write over files that are there.")
@with_pictures
@with_access
def cut(
    access: Access, options: Options, photos: tuple[Path, ...], out: Path | None, force: bool
) -> ExitCode:
    """Cut PHOTOS out, and print the names of the pictures.

    photo.jpg becomes photo.cutout.png; with `--classes tops --form mask`, photo.mask.png and photo.tops.mask.png.
    For a whole folder, `cutwork ingest` is quicker, and goes on where it was stopped.
    """
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    code = ExitCode.DONE
    with connection(access) as client:
        for photo in photos:
            try:
                for picture in _cut(client, photo, options, out or photo.parent, force):
                    click.echo(raw(picture))
            except (KeyRefused, TryLater):
                raise
            except (JobFailed, Refusal) as error:
                code = ExitCode.SOME_FAILED
                click.echo(f"{readable(photo)}: {error}", err=True)
    return code


def _cut(
    client: Client, photo: Path, options: Options, folder: Path, force: bool
) -> Iterator[Path]:
    job = client.cut(photo, options)
    for picture in job.pictures:
        with draft(folder) as begun:
            kind = client.fetch(picture, begun.file)
            path = folder / name_of(photo.stem, picture, kind)
            if path.exists() and not force:
                raise Unusable(f"{readable(path)} is there already: `--force` writes over it.")
            begun.publish(path)
        yield path
