"""The identities of the object store: who may do what in which bucket.

Beside the one who may do everything there is one for each kind of process, with the policy of `deploy/roles/s3`: who
takes over a worker cannot read results, and nobody but `cutwork-admin setup` changes a bucket.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import NamedTuple

POLICIES = Path(__file__).parents[2] / "roles" / "s3"
#: The buckets that the policies name.
_INPUTS, _RESULTS = "cutwork-inputs", "cutwork-results"
#: Who signs forms for uploads.
_SIGNER = "front-end"


class S3Keys(NamedTuple):
    """A pair of keys."""

    access_key: str
    secret_key: str

    def for_role(self, role: str) -> S3Keys:
        """Derive the keys of a role, such as `worker`, from those of whoever may do everything."""
        mac = hmac.new(self.secret_key.encode(), role.encode(), hashlib.sha256)
        return S3Keys(f"{self.access_key}-{role}", mac.hexdigest())


class Buckets(NamedTuple):
    """What the buckets are called."""

    inputs: str = _INPUTS
    results: str = _RESULTS


#: As the settings' defaults say.
USUAL_BUCKETS = Buckets()


def policy_of(role: str, buckets: Buckets) -> str:
    """Read the policy of a role, for buckets of these names."""
    text = (POLICIES / f"{role}.json").read_text()
    return text.replace(f":::{_INPUTS}", f":::{buckets.inputs}").replace(
        f":::{_RESULTS}", f":::{buckets.results}"
    )


def identities(owner: S3Keys, buckets: Buckets) -> str:
    """Write down who there is, as SeaweedFS reads it (`-s3.config`)."""
    roles = sorted(file.stem for file in POLICIES.glob("*.json"))
    return json.dumps(
        {
            "identities": [
                {"name": "owner", "actions": ["Admin"], "credentials": [_credential(owner)]},
                *(
                    {
                        "name": role,
                        "policyNames": [role],
                        "actions": _actions_of(role, buckets),
                        "credentials": [_credential(owner.for_role(role))],
                    }
                    for role in roles
                ),
            ],
            "policies": [{"name": role, "content": policy_of(role, buckets)} for role in roles],
        }
    )


def _actions_of(role: str, buckets: Buckets) -> list[str]:
    """Repeat of a policy what SeaweedFS looks for in no policy: whether who signed a form may write."""
    return [f"Write:{buckets.inputs}"] if role == _SIGNER else []


def _credential(keys: S3Keys) -> dict[str, str]:
    return {"accessKey": keys.access_key, "secretKey": keys.secret_key}
