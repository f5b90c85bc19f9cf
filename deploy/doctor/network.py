"""The network that workers with these settings would run: its file, and what it would run on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from deploy.doctor.finding import Finding, fine, unseen, wrong
from deploy.download import Wanted, is_there
from shared.errors import Misconfigured
from shared.manifest import Manifest, load_manifest
from shared.settings.settings import Settings, variable

#: The packages of ONNX Runtime; not imported, since it takes long and a worker does it better.
_FOR_CPU, _FOR_GPU = "onnxruntime", "onnxruntime-gpu"
#: Where Linux shows that NVIDIA's driver is loaded.
_DRIVER = Path("/proc/driver/nvidia/version")


def look_at_network(settings: Settings) -> Iterator[Finding]:
    """Look at it, where workers may run: elsewhere it need not be."""
    installed = [name for name in (_FOR_CPU, _FOR_GPU) if _is_installed(name)]
    if not installed:
        seen = "no worker can run from this environment: ONNX Runtime is not installed"
        yield unseen("network", seen, "run this where workers run, too")
        return
    try:
        yield _file(settings, load_manifest(settings.model, settings.models_dir))
    except Misconfigured as error:
        yield wrong("network", str(error), f"mend {variable('model')}, or the file")
    yield _provider(settings.execution_provider, installed)


def _file(settings: Settings, manifest: Manifest) -> Finding:
    sha256 = manifest.find_sha256()
    cure = (
        f"`cutwork-admin models pull {settings.model}` fetches it"
        if manifest.source
        else ("take it from the release again")
    )
    if not manifest.onnx_file.is_file():
        return wrong("network", f"{manifest.onnx_file} is not there", cure)
    if sha256 is None:
        return wrong("network", f"nobody has vouched for {manifest.onnx_file}", cure)
    if not is_there(manifest.onnx_file, Wanted(sha256, manifest.size_bytes)):
        return wrong("network", f"{manifest.onnx_file} is not the file of its manifest", cure)
    return fine("network", f"{manifest.name}: the file of its manifest")


def _provider(provider: str, installed: Sequence[str]) -> Finding:
    if len(installed) > 1:
        return wrong(
            "provider", f"{' and '.join(installed)} overwrite each other", "install one of them"
        )
    if provider == "cpu":
        return fine("provider", f"cpu, by {installed[0]} {version(installed[0])}")
    if _FOR_GPU not in installed:
        cure = "make the environment anew from deploy/locks/worker-gpu.txt"
        return wrong("provider", f"{_FOR_CPU} cannot run on {provider}", cure)
    if not _DRIVER.exists():
        return wrong("provider", "no driver of NVIDIA is loaded here", "`nvidia-smi` must work")
    return fine("provider", f"{provider}, by {_FOR_GPU} {version(_FOR_GPU)}")


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True
