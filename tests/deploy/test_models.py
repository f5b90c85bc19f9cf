from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from deploy.admin import admin
from deploy.download import DownloadFailed
from shared import manifest as manifests
from shared.errors import ErrorCode, Misconfigured, Refused
from shared.job import CutoutOptions
from shared.manifest import known_names, load_manifest
from shared.wire.contract import Category, OutMode, ReturnForm
from tests import pictures
from tests.file_server import Answer, FileServer, running_file_server
from tests.foreign_networks import FOREIGN
from worker.imaging.cutout import cut_out
from worker.imaging.photo import Photo
from worker.network.session import Network

PHOTO = Photo(np.asarray(pictures.photo(300, 400)))
MASK = ReturnForm.MASK
KNOWN = "segformer_b2_clothes"
UNVOUCHED = "segformer-b3-fashion"


@pytest.fixture
def files() -> Iterator[FileServer]:
    with running_file_server() as server:
        for name, content in FOREIGN.items():
            server.serve(f"/{name}", content)
        yield server


@pytest.fixture(autouse=True)
def models_dir(tmp_path: Path, files: FileServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The manifests that come with Cutwork, of small files that lie on this machine."""
    shipped = load_manifest("cutwork-1", tmp_path)
    for name in known_names():
        text = (manifests.BUNDLED / name / "model.toml").read_text("utf-8")
        folder = tmp_path / "known" / name
        folder.mkdir(parents=True)
        (folder / "model.toml").write_text(adapted(name, text, files), "utf-8")
    (tmp_path / "known" / "cutwork-1" / shipped.file).symlink_to(shipped.onnx_file)
    monkeypatch.setattr(manifests, "BUNDLED", tmp_path / "known")
    monkeypatch.setenv("CUTWORK_MODELS_DIR", str(tmp_path / "pulled"))
    return tmp_path / "pulled"


def adapted(name: str, text: str, files: FileServer) -> str:
    if name not in FOREIGN:
        return text
    text = re.sub(r'url = ".*"', f'url = "{files.url}/{name}"', text)
    text = re.sub(r'sha256 = "[0-9a-f]{64}"', f'sha256 = "{sha256_of(name)}"', text)
    return re.sub(r"bytes = \d+", f"bytes = {len(FOREIGN[name])}", text)


def sha256_of(name: str) -> str:
    return hashlib.sha256(FOREIGN[name]).hexdigest()


def models(*arguments: str) -> Result:
    return CliRunner().invoke(admin, ["models", *arguments])


def pull(name: str, files: FileServer) -> Result:
    """Pull a network with what its manifest does not know."""
    options = ("--url", f"{files.url}/{name}", "--sha256", sha256_of(name))
    return models("pull", name, *(options if name == UNVOUCHED else ()))


def pixels(png: bytes | None) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    assert png is not None
    return np.asarray(Image.open(io.BytesIO(png)))


@pytest.mark.parametrize("name", FOREIGN)
def test_a_pulled_network_cuts_clothing_out(name: str, files: FileServer, models_dir: Path) -> None:
    assert pull(name, files).exit_code == 0

    network = Network(load_manifest(name, models_dir), "cpu")
    network.warm_up()
    known = tuple(network.manifest.output.labels_of)
    cutouts = cut_out(PHOTO, CutoutOptions(cloth_class=known, return_form=MASK), network)

    mask = pixels(cutouts.image)
    assert mask.shape == (400, 300)
    assert {0, 255} <= set(mask.flat)
    assert tuple(cutouts.categories) == known
    shown = [pixels(png) for png in cutouts.categories.values() if png is not None]
    assert bool(shown) == bool(known)
    if shown:
        together = np.sum(shown, axis=0, dtype=np.int64)
        assert abs(together - mask).max() <= len(shown)


@pytest.mark.parametrize(
    ("name", "unknown", "rest"),
    [
        (KNOWN, Category.COAT, "tops, skirt, pants, bag, shoes, hat"),
        ("u2net_cloth_seg", Category.SHOES, "tops, skirt, pants"),
        ("u2net", Category.TOPS, "none"),
    ],
)
def test_a_category_that_a_network_does_not_know_is_refused_and_not_made_up(
    name: str, unknown: Category, rest: str, files: FileServer, models_dir: Path
) -> None:
    pull(name, files)
    network = Network(load_manifest(name, models_dir), "cpu")

    with pytest.raises(Refused) as refused:
        cut_out(PHOTO, CutoutOptions(cloth_class=(unknown,)), network)

    assert refused.value.code is ErrorCode.ERROR_INVALID_PARAMETER
    assert f"does not know {unknown}. It knows: {rest}." in refused.value.message


def test_an_image_of_categories_is_refused_where_there_are_none(
    files: FileServer, models_dir: Path
) -> None:
    pull("u2net", files)
    network = Network(load_manifest("u2net", models_dir), "cpu")

    with pytest.raises(Refused, match="only 0 can be asked for") as refused:
        cut_out(PHOTO, CutoutOptions(out_mode=OutMode.REQUESTED_CATEGORIES), network)

    assert refused.value.code is ErrorCode.ERROR_INVALID_PARAMETER


def test_all_categories_are_those_that_the_network_knows(
    files: FileServer, models_dir: Path
) -> None:
    pull("u2net_cloth_seg", files)
    network = Network(load_manifest("u2net_cloth_seg", models_dir), "cpu")

    options = CutoutOptions(out_mode=OutMode.REQUESTED_CATEGORIES, return_form=MASK)

    assert pixels(cut_out(PHOTO, options, network).image).any()


def test_the_licence_is_told_before_anything_is_fetched(files: FileServer) -> None:
    files.answer(f"/{KNOWN}", Answer(status=404))

    refused = models("pull", KNOWN)

    assert refused.exit_code == 1
    assert "LicenseRef-NVIDIA-SegFormer. NON-COMMERCIAL" in refused.stdout


def test_a_hash_that_nobody_knows_must_be_given(files: FileServer, models_dir: Path) -> None:
    refused = models("pull", UNVOUCHED)

    assert refused.exit_code == 1
    assert f"models pull {UNVOUCHED} --url URL --sha256 HEX" in refused.stderr
    assert not files.asked
    assert not models_dir.exists()


def test_a_hash_is_still_demanded_when_the_address_is_given(files: FileServer) -> None:
    refused = models("pull", UNVOUCHED, "--url", f"{files.url}/{UNVOUCHED}")

    assert f"models pull {UNVOUCHED} --sha256 HEX" in refused.stderr
    assert not files.asked


def test_a_given_hash_is_noted_so_that_the_worker_holds_the_file_to_it(
    files: FileServer, models_dir: Path
) -> None:
    pull(UNVOUCHED, files)
    manifest = load_manifest(UNVOUCHED, models_dir)

    assert manifest.digest_file.read_text() == f"{sha256_of(UNVOUCHED)}  model.onnx\n"
    assert Network(manifest, "cpu").manifest == manifest
    manifest.onnx_file.write_bytes(FOREIGN[UNVOUCHED][:-1] + b"!")
    with pytest.raises(Misconfigured, match=f"does not have the SHA-256 {sha256_of(UNVOUCHED)}"):
        Network(manifest, "cpu")


def test_a_wrong_hash_keeps_nothing(files: FileServer, models_dir: Path) -> None:
    url = f"{files.url}/{UNVOUCHED}"

    refused = models("pull", UNVOUCHED, "--url", url, "--sha256", "0" * 64)

    assert isinstance(refused.exception, DownloadFailed)
    assert not any(path.is_file() for path in models_dir.rglob("*"))


def test_a_hash_that_the_manifest_knows_is_not_up_to_anybody(files: FileServer) -> None:
    refused = models("pull", KNOWN, "--sha256", "0" * 64)

    assert f"{KNOWN} has the SHA-256 {sha256_of(KNOWN)}" in refused.stderr
    assert not files.asked


def test_a_hash_that_is_none_is_refused() -> None:
    assert "64 hexadecimal digits" in models("pull", UNVOUCHED, "--sha256", "abc").stderr


@pytest.mark.parametrize("name", [KNOWN, UNVOUCHED])
def test_what_is_right_already_is_not_fetched_again(name: str, files: FileServer) -> None:
    pull(name, files)

    again = pull(name, files)

    assert again.exit_code == 0
    assert files.asked == [f"/{name}"]


def test_what_was_vouched_for_once_is_remembered(files: FileServer, models_dir: Path) -> None:
    pull(UNVOUCHED, files)
    load_manifest(UNVOUCHED, models_dir).onnx_file.unlink()

    again = models("pull", UNVOUCHED, "--url", f"{files.url}/{UNVOUCHED}")

    assert again.exit_code == 0
    assert load_manifest(UNVOUCHED, models_dir).onnx_file.read_bytes() == FOREIGN[UNVOUCHED]


def test_a_file_that_was_changed_is_fetched_again(files: FileServer, models_dir: Path) -> None:
    pull(KNOWN, files)
    load_manifest(KNOWN, models_dir).onnx_file.write_bytes(b"changed")

    assert pull(KNOWN, files).exit_code == 0

    assert load_manifest(KNOWN, models_dir).onnx_file.read_bytes() == FOREIGN[KNOWN]


def test_a_mirror_is_held_to_the_same_hash(files: FileServer, models_dir: Path) -> None:
    mirror = files.serve("/mirror", FOREIGN[KNOWN])

    assert models("pull", KNOWN, "--url", mirror).exit_code == 0

    assert files.asked == ["/mirror"]
    assert load_manifest(KNOWN, models_dir).onnx_file.read_bytes() == FOREIGN[KNOWN]


def test_a_network_that_came_along_is_not_pulled() -> None:
    refused = models("pull", "cutwork-1")

    assert refused.exit_code == 1
    assert "comes with its weights" in refused.stderr


@pytest.mark.parametrize("name", FOREIGN)
def test_a_worker_without_the_file_says_how_to_get_it(name: str, models_dir: Path) -> None:
    with pytest.raises(Misconfigured, match=f"cutwork-admin models pull {name}"):
        Network(load_manifest(name, models_dir), "cpu")


def test_a_worker_takes_no_file_that_nobody_vouched_for(models_dir: Path) -> None:
    manifest = load_manifest(UNVOUCHED, models_dir)
    manifest.folder.mkdir(parents=True)
    manifest.onnx_file.write_bytes(FOREIGN[UNVOUCHED])

    with pytest.raises(Misconfigured, match=r"Nobody has vouched .* models pull"):
        Network(manifest, "cpu")


def test_the_list_says_what_there_is_and_what_is_missing(files: FileServer) -> None:
    pull("u2net", files)

    rows = {line.split()[0]: line for line in models("list").stdout.splitlines()}

    assert set(rows) == {*FOREIGN, "cutwork-1", "cutwork-1-int8", "cutwork-1-shop"}
    assert re.search(r"Apache-2\.0 +8\.3 MB +bundled +tops coat", rows["cutwork-1"])
    assert re.search(r"Apache-2\.0 .* pulled +no categories$", rows["u2net"])
    assert re.search(r" \? +not pulled +tops coat", rows[UNVOUCHED])
    assert re.search(r" not pulled +tops skirt pants$", rows["u2net_cloth_seg"])
