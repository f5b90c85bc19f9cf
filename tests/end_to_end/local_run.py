"""One `make run`, as a newcomer starts it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.installation import outside

_ROOT = Path(__file__).parents[2]
#: It gives up by itself on what does not start, and a busy machine takes its time.
START_SECONDS = 300
_STOP_SECONDS = 120


class Run:
    """One `make run`, with its state in `home`, run from the folder above that."""

    def __init__(self, home: Path, port: int, **more: str) -> None:
        self.home = home
        self.port = port
        self.said = home.with_suffix(".err")
        own = {"DATA_DIR": str(home), "PORT": str(port), "PYTHONPATH": str(_ROOT), **more}
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local"],
                cwd=home.parent,
                env={**outside(), **own},
                stdout=said,
                stderr=said,
            )

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.said.read_text()
        return "Ctrl-C stops it all" in self.said.read_text()

    def post_as_told(self) -> str:
        """Run the curl line as it was printed, and return the URL of the result."""
        found = re.search(r"^ +(curl .*)$", self.said.read_text(), re.MULTILINE)
        assert found is not None
        answer = subprocess.run(
            found[1], check=True, shell=True, cwd=self.home.parent, capture_output=True
        )
        url: str = json.loads(answer.stdout)["data"]["elements"][0]["image_url"]
        return url

    def make_key(self) -> str:
        """Make a key as it was printed."""
        found = re.search(r"^ +(.*cutwork-admin .*)$", self.said.read_text(), re.MULTILINE)
        assert found is not None
        made = subprocess.run(found[1], check=True, shell=True, capture_output=True, text=True)
        return made.stdout.strip()

    def processes(self) -> dict[int, str]:
        """Find the command of everything that was started, grandchildren too."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_text()
                known = command + (process / "environ").read_text()
            except OSError:
                continue
            if str(self.home) in known and command:
                found[int(process.name)] = command.replace("\0", " ").strip()
        return found

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_STOP_SECONDS)
