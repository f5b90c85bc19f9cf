"""`python -m tests.deploy.upgrade`: a rolling upgrade from the release before, and back, under load, with its p95."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.deploy.upgrade.release import release_before, this_release
from tests.deploy.upgrade.trial import SLOWER, Trial
from tests.fault.command import say
from tests.load.site import running_servers


def main() -> int:
    """Run it, and print what it came to; 1 if something is not right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", default="", metavar="COMMIT", help="The release before.")
    parser.add_argument("--p95", action="store_true", help="Fail, too, if a client noticed much.")
    parser.add_argument("--directory", type=Path, default=Path(".cutwork/upgrade"))
    wanted = parser.parse_args()
    wanted.directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_servers() as settings:
        old = release_before(Path(folder), wanted.before)
        if old is None:
            say("SKIPPED: there is no history of the release before: no clone, or a shallow one")
            return 0
        logs = Path(tempfile.mkdtemp(dir=wanted.directory))
        say(f"from {old.name}; logs in {logs}")
        keyless = settings.model_copy(update={"keyless": True})
        trial = Trial(keyless, logs, old, this_release(), say)
        is_right = trial.run()
    for name, figure in trial.figures.items():
        say(f"{name}: {figure}")
    for trouble in trial.troubles[:50]:
        say(f"TROUBLE {trouble}")
    if wanted.p95 and trial.slower() > SLOWER:
        say(f"TROUBLE p95 was more than {SLOWER:g} times what it is")
        is_right = False
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
