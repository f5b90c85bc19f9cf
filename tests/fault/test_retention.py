"""Results live as long as was said, and not a second longer: for the URL, the poll, the list and the bucket."""

from __future__ import annotations

import httpx

from shared.object_store import ObjectStore
from tests.conditions import eventually
from tests.end_to_end.client import query, submit, urls_of, wait_for
from tests.fault.audit import Audit
from tests.fault.site import Site


def test_poll_url_and_bytes_end_in_the_second_that_was_said(site: Site, photo: bytes) -> None:
    site.start_real_worker()
    task_id = submit(site.url, photo)
    wait_for(site.url, task_id)

    site.end_lifetimes_in(4)
    url = httpx.URL(urls_of(query(site.url, task_id).json())["image"])
    assert int(url.params["X-Amz-Expires"]) in {3, 4}
    assert httpx.get(url).status_code == 200

    eventually(lambda: query(site.url, task_id).status_code == 410, within=10)
    assert httpx.get(url).status_code in {403, 404}, "the URL outlives the job"
    assert query(site.url, task_id).json()["error_code_str"] == "ERROR_RESOURCE_RECLAIMED"
    audit = Audit(site.settings)
    eventually(lambda: audit.results() == [])
    assert audit.inputs() == set()
    audit.close()
    eventually(lambda: site.row().status == "expired")
    assert query(site.url, task_id).status_code == 410


def test_a_bucket_that_no_longer_forgets_is_told_by_readyz(site: Site) -> None:
    assert httpx.get(f"{site.url}/readyz").status_code == 200

    ObjectStore(site.settings)._client.delete_bucket_lifecycle(site.settings.inputs_bucket)

    told = httpx.get(f"{site.url}/readyz")
    assert told.status_code == 503
    assert "lifecycle" in told.json()["checks"]["object_store"]
