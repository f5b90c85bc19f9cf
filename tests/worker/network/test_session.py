from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

from shared.errors import DevicePoisoned, InferenceFailed, Misconfigured
from shared.manifest import Manifest, load_manifest
from tests.foreign_networks import FOREIGN
from tests.worker.networks import BUNDLED, changed, write_network
from worker.network.segmenter import Frame
from worker.network.session import Network


def test_the_bundled_network_runs() -> None:
    network = Network(BUNDLED, "cpu")
    network.warm_up()
    assert network.run(np.zeros((2, 3, 64, 48), np.float32)).shape == (2, 10, 16, 12)
    assert network.segment(np.zeros((3, 64, 48), np.float32)).shape == (10, 16, 12)


def test_the_runtime_tells_its_makers_nothing_and_keeps_no_record(tmp_path: Path) -> None:
    """In a process of its own, with a home folder of its own: the record is begun when the library is loaded."""
    look = (
        "import pathlib, numpy\n"
        "from worker.network.session import Network\n"
        "from shared.manifest import load_manifest\n"
        "network = Network(load_manifest('cutwork-1', pathlib.Path('none')), 'cpu')\n"
        "network.segment(numpy.zeros((3, 64, 48), numpy.float32))\n"
    )
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", look], check=True, env={**os.environ, **home})

    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_a_changed_file_is_not_loaded(tmp_path: Path) -> None:
    manifest = write_network(tmp_path)
    content = bytearray(manifest.onnx_file.read_bytes())
    content[-1] ^= 1
    manifest.onnx_file.write_bytes(content)
    with pytest.raises(Misconfigured, match="SHA-256"):
        Network(manifest, "cpu")


def test_a_file_cut_off_is_not_loaded(tmp_path: Path) -> None:
    manifest = write_network(tmp_path)
    manifest.onnx_file.write_bytes(manifest.onnx_file.read_bytes()[:-1])
    with pytest.raises(Misconfigured, match="its manifest says"):
        Network(manifest, "cpu")


def test_a_missing_file_says_where_to_get_it(tmp_path: Path) -> None:
    manifest = changed(
        BUNDLED, folder=tmp_path, file="other.onnx", source="https://models.example/other"
    )
    with pytest.raises(Misconfigured, match=r"other\.onnx.*https://models\.example/other"):
        Network(manifest, "cpu")


def test_what_is_no_onnx_is_one_clear_line(tmp_path: Path) -> None:
    manifest = write_network(tmp_path)
    content = b"not a network"
    manifest.onnx_file.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    with pytest.raises(Misconfigured, match="cannot be loaded") as refused:
        Network(changed(manifest, size_bytes=len(content), sha256=digest), "cpu")
    assert "\n" not in str(refused.value)


def write_foreign(folder: Path, name: str) -> Manifest:
    content = FOREIGN[name]
    (folder / "model.onnx").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    known = load_manifest(name, folder)
    return changed(known, folder=folder, sha256=digest, size_bytes=len(content))


def test_of_several_answers_the_first_is_taken_unless_another_is_named(tmp_path: Path) -> None:
    manifest = write_foreign(tmp_path, "u2net")
    frame = np.random.default_rng(5).normal(0, 1, (3, 320, 320)).astype(np.float32)
    answers = [
        Network(changed(manifest, output=changed(manifest.output, tensor=tensor)), "cpu").segment(
            frame
        )
        for tensor in ("", "1959", "1960")
    ]
    assert np.array_equal(answers[0], answers[1])
    assert not np.array_equal(answers[0], answers[2])


@pytest.mark.parametrize(("name", "several"), [("u2net", False), ("segformer_b2_clothes", True)])
def test_a_network_for_one_photo_takes_no_batches(tmp_path: Path, name: str, several: bool) -> None:
    network = Network(write_foreign(tmp_path, name), "cpu")
    side = network.manifest.input.long_side
    batch = np.zeros((2, 3, side, side), np.float32)
    assert network.takes_batches is several
    if several:
        assert len(network.run(batch)) == 2
    else:
        with pytest.raises(InferenceFailed):
            network.run(batch)


@pytest.mark.parametrize("wrong", [{"stride": 32}, {"long_side": 640, "stride": 640}])
def test_fixed_sides_that_the_manifest_does_not_know_are_refused(
    tmp_path: Path, wrong: dict[str, int]
) -> None:
    manifest = write_foreign(tmp_path, "u2net")
    with pytest.raises(Misconfigured, match=r"fixed sides \[320, 320\]"):
        Network(changed(manifest, input=changed(manifest.input, **wrong)), "cpu")


@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="CUDA is here"
)
def test_cuda_that_is_not_there_is_never_the_cpu_instead() -> None:
    with pytest.raises(Misconfigured, match="cannot run on cuda"):
        Network(BUNDLED, "cuda")


def test_a_session_that_fell_back_to_the_cpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class FellBack:
        def get_providers(self) -> list[str]:
            return ["CPUExecutionProvider"]

        def disable_fallback(self) -> None:
            """Do nothing."""

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *_, **__: FellBack())
    with pytest.raises(Misconfigured, match="cannot run on cuda"):
        Network(BUNDLED, "cuda")


class Device:
    """Runs what ONNX Runtime's own session of the CPU runs, until it breaks."""

    def __init__(self, session: Any) -> None:
        self._session = session
        #: What fails from now on, by the shape of the batch.
        self.fails: Callable[[tuple[int, ...]], bool] = lambda _: False
        self.ran: list[tuple[int, ...]] = []
        self.is_wrong_by = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, names: list[str], feed: dict[str, Any], options: Any) -> Any:
        shape = next(iter(feed.values())).shape
        self.ran.append(shape)
        if self.fails(shape):
            raise runtime_errors.EPFail("CUDA failure 700: an illegal memory access")
        return [answer + self.is_wrong_by for answer in self._session.run(names, feed, options)]


class OnCuda(onnxruntime.InferenceSession):  # type: ignore[misc]
    """ONNX Runtime's own wrapper, with its way to fall back to the CPU, round a device that may break."""

    def __init__(self, content: bytes, options: Any, providers: list[Any]) -> None:
        super().__init__(content, options, providers=["CPUExecutionProvider"])
        (_, OnCuda.options), _ = providers
        self._providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
        self._sess: Any = Device(self._sess)
        OnCuda.device = self._sess

    device: Device
    options: dict[str, str]


@pytest.fixture
def on_cuda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    """A network on a GPU, which was warmed up with frames of 32 x 32 and 64 x 32."""
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
    monkeypatch.setattr(onnxruntime, "InferenceSession", OnCuda)
    network = Network(write_network(tmp_path), "cuda", gpu_memory_limit=2**30)
    network.warm_up([(32, 32), (64, 32)], [1, 2])
    return network


def batch_of(count: int, height: int = 32) -> Frame:
    return np.ones((count, 3, height, 32), np.float32)


def test_the_warm_up_runs_every_shape_in_every_size_of_batch(on_cuda: Network) -> None:
    every = {(size, 3, height, 32) for size in (1, 2) for height in (32, 64)}

    assert every <= set(OnCuda.device.ran)


def test_a_gpu_that_has_not_the_memory_for_the_largest_batch_is_refused_at_the_start(
    on_cuda: Network,
) -> None:
    OnCuda.device.fails = lambda shape: shape[0] == 8

    with pytest.raises(Misconfigured, match="did not run"):
        on_cuda.warm_up([(32, 32)], [1, 2, 4, 8])


def test_a_run_that_failed_on_the_gpu_is_never_made_on_the_cpu(on_cuda: Network) -> None:
    device = OnCuda.device
    device.fails = lambda shape: shape[2] == 64

    for _ in range(2):
        with pytest.raises(InferenceFailed, match="illegal memory access"):
            on_cuda.run(batch_of(1, height=64))

    device.fails = lambda _: False
    device.ran.clear()
    on_cuda.run(batch_of(1))
    assert device.ran == [(1, 3, 32, 32)]


def test_a_frame_that_fails_alone_is_guilty_if_another_one_still_runs(on_cuda: Network) -> None:
    OnCuda.device.fails = lambda shape: shape[2] == 64

    with pytest.raises(InferenceFailed):
        on_cuda.run(batch_of(1, height=64))
    on_cuda.run(batch_of(2))


def test_a_batch_that_fails_says_nothing_of_the_device(on_cuda: Network) -> None:
    OnCuda.device.fails = lambda _: True

    with pytest.raises(InferenceFailed):
        on_cuda.run(batch_of(2))


def test_a_device_that_fails_at_what_it_could_do_before_is_poisoned(on_cuda: Network) -> None:
    OnCuda.device.fails = lambda _: True

    with pytest.raises(DevicePoisoned, match="illegal memory access"):
        on_cuda.segment(batch_of(1)[0])


def test_a_device_that_answers_otherwise_than_before_is_poisoned(on_cuda: Network) -> None:
    device = OnCuda.device
    device.fails, device.is_wrong_by = lambda shape: shape[2] == 64, 0.1

    with pytest.raises(DevicePoisoned, match="another answer"):
        on_cuda.run(batch_of(1, height=64))


def test_a_device_that_is_not_there_any_more_is_poisoned(on_cuda: Network) -> None:
    OnCuda.device.fails = lambda shape: shape[2] == 64
    on_cuda._session._providers = ["CPUExecutionProvider"]

    with pytest.raises(DevicePoisoned, match="cannot run on cuda"):
        on_cuda.run(batch_of(1, height=64))


def test_a_gpu_gives_no_more_memory_than_is_asked_for_nor_than_it_may(on_cuda: Network) -> None:
    assert OnCuda.options["arena_extend_strategy"] == "kSameAsRequested"
    assert OnCuda.options["gpu_mem_limit"] == str(2**30)


def test_other_tensors_than_the_manifests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no tensor 'image'"):
        Network(write_network(tmp_path, tensor="picture"), "cpu")


def test_another_number_of_planes_than_the_manifests_is_refused(tmp_path: Path) -> None:
    manifest = write_network(tmp_path)
    labels = ("tops", "background")
    with pytest.raises(Misconfigured, match="logits is"):
        Network(changed(manifest, output=changed(manifest.output, labels=labels)), "cpu")


def test_another_stride_than_the_manifests_is_found_at_the_warm_up(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="not"):
        Network(write_network(tmp_path, pool=8), "cpu").warm_up()


@pytest.mark.parametrize("factor", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_a_failure(tmp_path: Path, factor: float) -> None:
    network = Network(write_network(tmp_path, factor=factor), "cpu")
    with pytest.raises(InferenceFailed, match="not finite"):
        network.run(np.ones((1, 3, 32, 32), np.float32))


def test_a_batch_the_network_cannot_take_is_a_failure(tmp_path: Path) -> None:
    network = Network(write_network(tmp_path), "cpu")
    with pytest.raises(InferenceFailed, match="did not run"):
        network.run(np.ones((1, 5, 32, 32), np.float32))
