from __future__ import annotations

from pathlib import Path

import pytest

from shared.contract import Category
from shared.errors import Misconfigured
from shared.settings import Settings
from worker.manifest import OutputKind, load_manifest

NAME = Settings().model
BUNDLED = (load_manifest(NAME).folder / "model.toml").read_text("utf-8")


def load_changed(folder: Path, old: str, new: str) -> None:
    assert old in BUNDLED
    path = folder / "model.toml"
    path.write_text(BUNDLED.replace(old, new), "utf-8")
    load_manifest(str(path))


def test_the_bundled_manifest_names_every_category() -> None:
    manifest = load_manifest(NAME)
    assert set(manifest.output.labels_of) == set(Category)
    assert manifest.output.planes == 10
    assert manifest.licence == "Apache-2.0"


def test_a_manifest_elsewhere_is_found_by_its_folder_and_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "model.toml").write_text(BUNDLED, "utf-8")
    by_folder = load_manifest(str(tmp_path))
    assert by_folder == load_manifest(str(tmp_path / "model.toml"))
    assert by_folder.onnx_file == tmp_path / load_manifest(NAME).file


def test_several_labels_may_share_a_category(tmp_path: Path) -> None:
    text = BUNDLED.replace('"accessory"', '"shoes"')
    (tmp_path / "model.toml").write_text(text, "utf-8")
    assert load_manifest(str(tmp_path)).output.labels_of[Category.SHOES] == (6, 8)


def test_an_opacity_needs_no_labels(tmp_path: Path) -> None:
    text = BUNDLED.replace('"classes"', '"alpha"').split("labels")[0]
    (tmp_path / "model.toml").write_text(text, "utf-8")
    output = load_manifest(str(tmp_path)).output
    assert (output.kind, output.planes) == (OutputKind.ALPHA, 1)


def test_an_unknown_model_is_answered_with_those_that_are_there() -> None:
    with pytest.raises(Misconfigured, match=rf"no model 'cutwrok'.*{NAME}"):
        load_manifest("cutwrok")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("long_side = 432", "long_side = 0", r"input\.long_side: .*greater than or equal to 1"),
        ("long_side = 432", "long_side = 430", r"input\.long_side must be a multiple"),
        ("long_side = 432", "long_side = true", r"input\.long_side: .*valid integer"),
        ("long_side = 432", "", r"input\.long_side: Field required"),
        ("stride = 16", "stride = 6", r"input\.stride must be a multiple"),
        ('"rgb"', '"grb"', r"input\.channels: .*'rgb' or 'bgr'"),
        ("offset = [-1.0, -1.0, -1.0]", "offset = [1]", r"input\.offset\.1: Field required"),
        ('sha256 = "', 'sha256 = "xy', r"sha256: .*pattern"),
        ('"classes"', '"boxes"', r"output\.kind: .*'classes' or 'alpha'"),
        ("labels = [", "names = [", r"output\.names: Extra inputs"),
        ("[output]", "[outputs]", r"output: Field required"),
        (f'name = "{NAME}"', "name = 3", r"name: .*valid string"),
        (f'name = "{NAME}"', "name = ", r"is no TOML"),
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
        load_manifest(str(tmp_path))
