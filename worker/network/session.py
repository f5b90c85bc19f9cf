"""The network in memory: ONNX Runtime held to what the manifest says of the file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

from shared.errors import DevicePoisoned, InferenceFailed, Misconfigured
from shared.manifest import Manifest, known_names
from worker.metrics import INFERENCE_FRAMES, INFERENCE_SECONDS

Provider = Literal["cpu", "cuda"]

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
#: ONNX Runtime's errors have no common base of their own.
_RUNTIME_ERRORS: tuple[type[Exception], ...] = (
    MemoryError,
    RuntimeError,
    runtime_errors.EngineError,
    runtime_errors.EPFail,
    runtime_errors.Fail,
    runtime_errors.InvalidArgument,
    runtime_errors.InvalidGraph,
    runtime_errors.InvalidProtobuf,
    runtime_errors.NotImplemented,
    runtime_errors.RuntimeException,
)
_RANK = 4
#: How far, as a share of its largest number, an answer may be from that to the same frame before.
_REPEATABLE = 0.01


class _Tensor(Protocol):
    """What ONNX Runtime says of an input or an output."""

    name: str
    #: A number where the side is fixed.
    shape: list[int | str | None]


class Network:
    """A loaded network. `run` may be called from several threads at once."""

    def __init__(self, manifest: Manifest, provider: Provider, gpu_memory_limit: int = 0) -> None:
        """Load the file of a manifest.

        Args:
            manifest: Of the network.
            provider: Where it runs.
            gpu_memory_limit: Bytes that it may take of a GPU's memory; 0: all there is.

        Raises:
            Misconfigured: The file is not the one the manifest describes, or the provider is not to be had;
                the network never runs anywhere else than was asked for.
        """
        self.manifest = manifest
        content = _read_checked(manifest)
        if _PROVIDERS[provider] not in onnxruntime.get_available_providers():
            raise Misconfigured(
                f"This build of ONNX Runtime cannot run on {provider}.{_hint(provider)}"
            )
        try:
            self._session = _create_session(content, provider, gpu_memory_limit)
        except _RUNTIME_ERRORS as error:
            raise Misconfigured(
                f"{manifest.onnx_file} cannot be loaded: {_first_line(error)}"
            ) from error
        # Otherwise one failed run would move the session to the CPU permanently, and nothing would say so.
        self._session.disable_fallback()
        self._provider = provider
        self._check_provider()
        self._input = manifest.input.tensor or self._session.get_inputs()[0].name
        self._output = manifest.output.tensor or self._session.get_outputs()[0].name
        self._check_tensors()
        #: A frame and the answer to it, from the warm-up.
        self._known: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    @property
    def takes_batches(self) -> bool:
        """Whether several photos may run together: many exports are for exactly one."""
        return _shapes(self._session.get_inputs())[self._input][0] != 1

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network on a batch.

        Args:
            batch: (N, 3, H, W), normalised as the manifest says; H and W multiples of the input's stride.

        Returns:
            (N, planes, H / stride, W / stride), finite, as the network gives it.

        Raises:
            InferenceFailed: The runtime failed, or the answer has another shape or is not finite.
            DevicePoisoned: So it was with a batch of one, and then with a frame that ran before.
        """
        INFERENCE_FRAMES.inc(len(batch))
        try:
            with INFERENCE_SECONDS.time():
                return self._run(batch)
        except InferenceFailed as error:
            if len(batch) == 1:
                self._check_device(error)
            raise

    def segment(self, frame: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run one frame, (3, H, W) to (planes, h, w), in this very thread; raises as `run` does."""
        logits: NDArray[np.float32] = self.run(frame[np.newaxis])[0]
        return logits

    def warm_up(
        self, shapes: Sequence[tuple[int, int]] = (), batch_sizes: Sequence[int] = (1,)
    ) -> None:
        """Run every shape of frame in every size of batch, so that no job pays for allocations, kernels and plans.

        Args:
            shapes: (height, width); none: the largest square.
            batch_sizes: Photos in a run.

        Raises:
            Misconfigured: The network does not run, has not the memory for all of these, or gives something else than
                its manifest says.
        """
        if not shapes:
            stride = self.manifest.input.stride
            side = ceil(self.manifest.input.long_side / stride) * stride
            shapes = [(side, side)]
        try:
            for size in batch_sizes:
                for height, width in shapes:
                    self._run(np.zeros((size, 3, height, width), np.float32))
            known = _ramp(*shapes[0])
            self._known = known, self._run(known)
        except InferenceFailed as error:
            raise Misconfigured(f"{self.manifest.onnx_file}: {error}") from error
        self._check_provider()

    def _run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        output = self.manifest.output
        try:
            (answer,) = self._session.run([self._output], {self._input: batch})
        except _RUNTIME_ERRORS as error:
            raise InferenceFailed(f"The network did not run: {_first_line(error)}") from error
        logits = np.asarray(answer, dtype=np.float32)
        count, _, height, width = batch.shape
        expected = (count, output.planes, height // output.stride, width // output.stride)
        if logits.shape != expected:
            raise InferenceFailed(f"The network gave {logits.shape}, not {expected}")
        if not np.isfinite(logits).all():
            raise InferenceFailed("The network gave numbers that are not finite")
        return logits

    def _check_device(self, failure: InferenceFailed) -> None:
        """Tell a frame that cannot be run from a device that runs nothing any more, by one that it has run before."""
        if self._known is None:
            return
        frame, answer = self._known
        try:
            self._check_provider()
            again = self._run(frame)
        except (InferenceFailed, Misconfigured) as error:
            raise DevicePoisoned(f"{failure}; nor did a known frame: {error}") from error
        if np.abs(again - answer).max() > _REPEATABLE * np.abs(answer).max():
            raise DevicePoisoned(f"{failure}; and a known frame has another answer than before")

    def _check_provider(self) -> None:
        if self._session.get_providers()[0] != _PROVIDERS[self._provider]:
            raise Misconfigured(
                f"The network cannot run on {self._provider}.{_hint(self._provider)}"
            )

    def _check_tensors(self) -> None:
        spec = self.manifest
        for tensors, wanted, planes in (
            (self._session.get_inputs(), self._input, 3),
            (self._session.get_outputs(), self._output, spec.output.planes),
        ):
            shapes = _shapes(tensors)
            if wanted not in shapes:
                raise Misconfigured(f"{spec.onnx_file} has no tensor {wanted!r}, but {[*shapes]}")
            shape = shapes[wanted]
            if len(shape) != _RANK or (isinstance(shape[1], int) and shape[1] != planes):
                raise Misconfigured(
                    f"{spec.onnx_file}: {wanted} is {shape}, not (N, {planes}, H, W)"
                )
        self._check_fixed_sides()

    def _check_fixed_sides(self) -> None:
        """Refuse what would run at the warm-up, and fail at the first photo that is no square."""
        spec = self.manifest.input
        sides = _shapes(self._session.get_inputs())[self._input][2:]
        fixed = {side for side in sides if isinstance(side, int)}
        if fixed and not fixed == {spec.long_side} == {spec.stride}:
            raise Misconfigured(
                f"{self.manifest.onnx_file}: {self._input} has fixed sides {sides}; "
                "input.long_side and input.stride must both be that"
            )


def _shapes(tensors: Sequence[_Tensor]) -> dict[str, list[int | str | None]]:
    return {tensor.name: tensor.shape for tensor in tensors}


def _read_checked(manifest: Manifest) -> bytes:
    try:
        content = Path(manifest.onnx_file).read_bytes()
    except OSError as error:
        raise Misconfigured(
            f"{manifest.onnx_file}: {error.strerror}.{_where_from(manifest)}"
        ) from error
    if manifest.size_bytes not in {None, len(content)}:
        raise Misconfigured(
            f"{manifest.onnx_file} has {len(content)} bytes, its manifest says {manifest.size_bytes}"
        )
    sha256 = manifest.find_sha256()
    if sha256 is None:
        raise Misconfigured(
            f"Nobody has vouched for {manifest.onnx_file}: there is no {manifest.digest_file.name} beside it."
            f"{_where_from(manifest)}"
        )
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Misconfigured(
            f"{manifest.onnx_file} does not have the SHA-256 {sha256} that it must have"
        )
    return content


def _where_from(manifest: Manifest) -> str:
    if not manifest.source:
        return ""
    if manifest.name in known_names():
        return f" Get it with `cutwork-admin models pull {manifest.name}`; it is from {manifest.source}."
    return f" It can be had from {manifest.source}."


def _ramp(height: int, width: int) -> NDArray[np.float32]:
    """A frame of all values between those of black and white, in a batch of one."""
    values = np.linspace(-1, 1, 3 * height * width, dtype=np.float32)
    return values.reshape(1, 3, height, width)


def _create_session(
    content: bytes, provider: Provider, gpu_memory_limit: int
) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Several jobs run at once: more threads a run cost 1.4 to 1.9 times the CPU for little latency.
    options.intra_op_num_threads = 1
    # Photos come in many shapes, and a memory pattern is kept for each: measured with 8 threads on one core each,
    # a network of this size took 430 MB without patterns and 640 MB with them, at 0.92 times the time. The arena
    # stays on: without it 1000 MB at the peak and 1.2 times the time.
    options.enable_mem_pattern = False
    if provider == "cpu":
        return onnxruntime.InferenceSession(content, options, providers=[_PROVIDERS["cpu"]])
    onnxruntime.preload_dlls()  # CUDA and cuDNN from their own wheels
    cuda = (_PROVIDERS["cuda"], _cuda_options(gpu_memory_limit))
    return onnxruntime.InferenceSession(content, options, providers=[cuda, _PROVIDERS["cpu"]])


def _cuda_options(gpu_memory_limit: int) -> dict[str, str]:
    """The options of the CUDA provider; none of them was measured on a GPU."""
    options = {
        # The default tries all convolutions out, at each new shape, with as much scratch memory as there is.
        "cudnn_conv_algo_search": "HEURISTIC",
        "cudnn_conv_use_max_workspace": "0",
        # The default doubles what it has: a little more than half of the memory cannot be used.
        "arena_extend_strategy": "kSameAsRequested",
    }
    if gpu_memory_limit:
        options["gpu_mem_limit"] = str(gpu_memory_limit)
    return options


def _hint(provider: Provider) -> str:
    if provider == "cpu":
        return ""
    return " Install the extra `gpu` and look at the driver, or set CUTWORK_EXECUTION_PROVIDER=cpu."


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
