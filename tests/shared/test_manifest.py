from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.errors import Misconfigured
from shared.manifest import BUNDLED as SHIPPED
from shared.manifest import UNKNOWN, OutputKind, known_names, load_manifest
from shared.settings.settings import Settings
from shared.wire.contract import Category

NAME = Settings().model
NOWHERE = Path("/nowhere")
BUNDLED = (load_manifest(NAME, NOWHERE).folder / "model.toml").read_text("utf-8")


def load_changed(folder: Path, old: str, new: str) -> None:
    assert old in BUNDLED
    path = folder / "model.toml"
    path.write_text(BUNDLED.replace(old, new), "utf-8")
    load_manifest(str(path), NOWHERE)


def test_the_bundled_manifest_names_every_category() -> None:
    manifest = load_manifest(NAME, NOWHERE)
    assert set(manifest.output.labels_of) == set(Category)
    assert manifest.output.planes == 10
    assert manifest.licence == "Apache-2.0"


def test_a_manifest_elsewhere_is_found_by_its_folder_and_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "model.toml").write_text(BUNDLED, "utf-8")
    by_folder = load_manifest(str(tmp_path), NOWHERE)
    assert by_folder == load_manifest(str(tmp_path / "model.toml"), NOWHERE)
    assert by_folder.onnx_file == tmp_path / load_manifest(NAME, NOWHERE).file


def test_several_labels_may_share_a_category(tmp_path: Path) -> None:
    text = BUNDLED.replace('"accessory"', '"shoes"')
    (tmp_path / "model.toml").write_text(text, "utf-8")
    assert load_manifest(str(tmp_path), NOWHERE).output.labels_of[Category.SHOES] == (6, 8)


def test_an_opacity_needs_no_labels(tmp_path: Path) -> None:
    text = BUNDLED.replace('"classes"', '"alpha"').split("labels")[0]
    (tmp_path / "model.toml").write_text(text, "utf-8")
    output = load_manifest(str(tmp_path), NOWHERE).output
    assert (output.kind, output.planes) == (OutputKind.ALPHA, 1)


@pytest.mark.parametrize("name", known_names())
def test_a_manifest_that_comes_along_is_filed_under_its_name(name: str) -> None:
    assert load_manifest(name, NOWHERE).name == name


@pytest.mark.parametrize("name", known_names())
def test_the_weights_are_beside_the_manifest_or_somebody_elses(name: str) -> None:
    manifest = load_manifest(name, NOWHERE)
    if manifest.source:
        assert manifest.onnx_file == NOWHERE / name / "model.onnx"
        assert not (SHIPPED / name / manifest.file).exists()
    else:
        assert manifest.onnx_file.is_file()


@pytest.mark.parametrize("name", known_names())
def test_what_is_fetched_from_somewhere_has_a_known_hash_and_size(name: str) -> None:
    manifest = load_manifest(name, NOWHERE)
    if manifest.url:
        assert manifest.url.startswith("https://")
        assert manifest.sha256 != UNKNOWN
        assert manifest.size_bytes


@pytest.mark.parametrize(
    ("name", "planes", "unknown"),
    [
        ("segformer_b2_clothes", 18, {"coat"}),
        ("segformer-b3-fashion", 47, set()),
        ("u2net_cloth_seg", 4, {"coat", "bag", "shoes", "hat"}),
        ("u2net", 1, set(Category)),
    ],
)
def test_other_peoples_labels_are_ours_as_far_as_they_go(
    name: str, planes: int, unknown: set[str]
) -> None:
    output = load_manifest(name, NOWHERE).output
    assert output.planes == planes
    assert set(Category) - set(output.labels_of) == unknown


@pytest.mark.parametrize("name", ["segformer-b3-fashion", "segformer_b2_clothes", "u2net"])
def test_colours_are_normalised_as_imagenet_wants_them(name: str) -> None:
    spec = load_manifest(name, NOWHERE).input
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    for white, black, m, d in zip(spec.scale, spec.offset, mean, deviation, strict=True):
        assert black == pytest.approx(-m / d)
        assert 255 * white + black == pytest.approx((1 - m) / d)


def test_a_hash_that_is_not_known_is_the_noted_one(tmp_path: Path) -> None:
    text = re.sub('sha256 = ".*"', 'sha256 = "unknown"', BUNDLED)
    (tmp_path / "model.toml").write_text(text, "utf-8")
    manifest = load_manifest(str(tmp_path), NOWHERE)
    assert manifest.find_sha256() is None
    manifest.digest_file.write_text(f"{'ab' * 32}  model.onnx\n")
    assert manifest.find_sha256() == "ab" * 32


@pytest.mark.parametrize("noted", ["", "no hash", "AB" * 32, "ab" * 31, "\xe4" * 64])
def test_a_note_that_is_no_hash_is_refused(tmp_path: Path, noted: str) -> None:
    text = re.sub('sha256 = ".*"', 'sha256 = "unknown"', BUNDLED)
    (tmp_path / "model.toml").write_text(text, "utf-8")
    manifest = load_manifest(str(tmp_path), NOWHERE)
    manifest.digest_file.write_text(noted, "utf-8")
    with pytest.raises(Misconfigured, match=r"model\.onnx\.sha256"):
        manifest.find_sha256()


def test_a_known_hash_is_not_changed_by_a_note(tmp_path: Path) -> None:
    (tmp_path / "model.toml").write_text(BUNDLED, "utf-8")
    manifest = load_manifest(str(tmp_path), NOWHERE)
    manifest.digest_file.write_text("ab" * 32)
    assert manifest.find_sha256() == manifest.sha256


def test_an_unknown_model_is_answered_with_those_that_are_there() -> None:
    with pytest.raises(Misconfigured, match=rf"no model 'cutwrok'.*{NAME}"):
        load_manifest("cutwrok", NOWHERE)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("long_side = 432", "long_side = 0", r"input\.long_side: .*greater than or equal to 1"),
        ("long_side = 432", "long_side = 430", r"input\.long_side must be a multiple"),
        ("long_side = 432", "long_side = true", r"input\.long_side: .*valid integer"),
        ("long_side = 432", "", r"input\.long_side: Field required"),
        ("near_long_side = 640", "near_long_side = 642", r"input\.near_long_side must be a mult"),
        ("stride = 16", "stride = 432", r"near_long_side: the network takes one size"),
        ("stride = 16", "stride = 6", r"input\.stride must be a multiple"),
        ('"rgb"', '"grb"', r"input\.channels: .*'rgb' or 'bgr'"),
        ("offset = [-1.0, -1.0, -1.0]", "offset = [1]", r"input\.offset\.1: Field required"),
        ('sha256 = "', 'sha256 = "xy', r"sha256: .*pattern"),
        ('"classes"', '"boxes"', r"output\.kind: .*'classes' or 'alpha'"),
        ("labels = [", "names = [", r"output\.names: Extra inputs"),
        ("[output]", "[outputs]", r"output: Field required"),
        (f'name = "{NAME}"', "name = 3", r"name: .*valid string"),
        (f'name = "{NAME}"', "name = ", r"is not TOML"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_said(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    with pytest.raises(Misconfigured, match=complaint):
        load_changed(tmp_path, old, new)


def test_labels_without_any_clothing_are_refused(tmp_path: Path) -> None:
    text = BUNDLED.split("labels = [")[0] + 'labels = ["cat", "dog"]\n'
    (tmp_path / "model.toml").write_text(text, "utf-8")
    with pytest.raises(Misconfigured, match=r"labels must be words"):
        load_manifest(str(tmp_path), NOWHERE)
