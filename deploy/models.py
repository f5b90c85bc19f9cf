"""`cutwork-admin models`: networks that other people made, fetched and checked."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from deploy.download import Body, Wanted, is_there, opened, store
from shared.manifest import DIGEST, UNKNOWN, Manifest, OutputKind, known_names, load_manifest
from shared.settings.settings import load_settings


def _digest(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not DIGEST.fullmatch(value.lower()):
        raise click.BadParameter("a SHA-256 is 64 hexadecimal digits")
    return value and value.lower()


@click.group()
def models() -> None:
    """List the networks that are known, and pull their weights."""


@models.command("list")
def list_models() -> None:
    """List them: name, licence, size, whether the file is there, categories."""
    settings = load_settings()
    for name in known_names():
        manifest = load_manifest(name, settings.models_dir)
        click.echo(
            f"{name:<20}  {manifest.licence:<28}  {_size(manifest):>8}  {_state(manifest):<10}  {_knows(manifest)}"
        )


@models.command()
@click.argument("name")
@click.option(
    "--url", help="Get the file from here, instead of the manifest's address or where it has none."
)
@click.option(
    "--sha256",
    callback=_digest,
    help="What the file must be, where the manifest does not know; you vouch for it.",
)
def pull(name: str, url: str | None, sha256: str | None) -> None:
    """Fetch the weights of NAME into CUTWORK_MODELS_DIR, if they are exactly those they must be.

    What is right already is not fetched again.
    """
    manifest = load_manifest(name, load_settings().models_dir)
    if not manifest.source:
        raise click.ClickException(f"{name} comes with its weights: there is nothing to pull")
    _tell_licence(manifest)
    address, wanted = _decide(name, manifest, url, sha256)
    if not is_there(manifest.onnx_file, wanted):
        with opened(address) as body:
            store(_shown(body, name), manifest.onnx_file, wanted)
    if manifest.sha256 == UNKNOWN:
        _note(manifest, wanted.sha256)
    click.echo(
        f"{manifest.onnx_file} is there and right. CUTWORK_MODEL={name} makes workers use it."
    )


def _tell_licence(manifest: Manifest) -> None:
    click.echo(f"Licence: {manifest.licence}. {manifest.licence_note}".rstrip())
    click.echo(f"From: {manifest.source}")


def _decide(
    name: str, manifest: Manifest, url: str | None, sha256: str | None
) -> tuple[str, Wanted]:
    """Where from, and what it must be; a manifest's word on that is not up to anybody."""
    if sha256 and manifest.sha256 not in {UNKNOWN, sha256}:
        raise click.ClickException(f"{name} has the SHA-256 {manifest.sha256}; leave --sha256 out")
    address, digest = url or manifest.url, sha256 or manifest.find_sha256()
    if address and digest:
        return address, Wanted(digest, manifest.size_bytes)
    missing = " ".join(
        option for option, value in (("--url URL", address), ("--sha256 HEX", digest)) if not value
    )
    raise click.ClickException(
        f"the manifest of {name} does not know this, so you must: "
        f"cutwork-admin models pull {name} {missing} (docs/why/model.md, «Other networks»)"
    )


def _shown(body: Body, name: str) -> Iterator[bytes]:
    if body.size_bytes is None:
        yield from body.chunks
        return
    with click.progressbar(length=body.size_bytes, label=name, file=sys.stderr) as bar:
        for chunk in body.chunks:
            yield chunk
            bar.update(len(chunk))


def _note(manifest: Manifest, sha256: str) -> None:
    try:
        manifest.digest_file.write_text(f"{sha256}  {manifest.file}\n", encoding="ascii")
    except OSError as error:
        raise click.ClickException(
            f"{manifest.digest_file} cannot be written: {error.strerror}"
        ) from error


def _size(manifest: Manifest) -> str:
    return "?" if manifest.size_bytes is None else f"{manifest.size_bytes / 1e6:.1f} MB"


def _state(manifest: Manifest) -> str:
    if not manifest.onnx_file.is_file():
        return "not pulled"
    return "pulled" if manifest.source else "bundled"


def _knows(manifest: Manifest) -> str:
    if manifest.output.kind is OutputKind.ALPHA:
        return "no categories"
    return " ".join(manifest.output.labels_of)
