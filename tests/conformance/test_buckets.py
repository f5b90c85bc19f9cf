"""The buckets' own rules on a real object store: which one counts, and what becomes of the operator's."""

from __future__ import annotations

import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from minio.commonconfig import ENABLED
from minio.versioningconfig import SUSPENDED, VersioningConfig

from shared.errors import ObjectStoreUnavailable, Unavailable
from shared.job import Lease
from shared.objects.store import IMAGE, ObjectStore
from shared.settings.settings import Settings
from tests.operator_client import OperatorClient

BUCKETS = ("inputs_bucket", "results_bucket")
ONE_DAY = "<Expiration><Days>1</Days></Expiration>"
ALL = "<Filter><Prefix></Prefix></Filter>"
LOGS = "<Filter><Prefix>logs/</Prefix></Filter>"
TAGGED = "<Filter><Tag><Key>kind</Key><Value>old</Value></Tag></Filter>"
LARGE = "<Filter><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan></Filter>"
LARGE_LOGS = "<Filter><And><Prefix>logs/</Prefix><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan></And></Filter>"
#: The form of before 2016, which stores still take and give back.
OLD_LOGS = "<Prefix>logs/</Prefix>"


class Bucket(OperatorClient):
    """The bucket of the results, as its operator sees it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.name = settings.results_bucket

    def write_rules(self, *rules: str) -> None:
        body = f"<LifecycleConfiguration>{''.join(rules)}</LifecycleConfiguration>"
        self._execute("PUT", self.name, body=body.encode(), query_params={"lifecycle": ""})

    def read_rules(self) -> list[str]:
        answer = self._execute("GET", self.name, query_params={"lifecycle": ""})
        return re.findall("<Rule>.*?</Rule>", answer.data.decode())


def rule(inner: str, name: str = "operator", status: str = ENABLED) -> str:
    return f"<Rule><ID>{name}</ID><Status>{status}</Status>{inner}</Rule>"


@pytest.fixture
def store(settings: Settings) -> ObjectStore:
    return ObjectStore(settings)


@pytest.fixture
def bucket(settings: Settings) -> Bucket:
    return Bucket(settings)


def test_several_may_set_up_at_once(settings: Settings) -> None:
    start = threading.Barrier(3)

    def set_up(round_: int) -> None:
        changes = {it: f"{getattr(settings, it)}-{round_}" for it in BUCKETS}
        store = ObjectStore(settings.model_copy(update=changes))
        start.wait(30)
        store.set_up()
        store.check()

    with ThreadPoolExecutor(3) as pool:
        for round_ in range(5):
            list(pool.map(set_up, [round_] * 3))

    client = OperatorClient(settings)
    for bucket in client.list_buckets():
        if bucket.name.startswith(tuple(f"{getattr(settings, it)}-" for it in BUCKETS)):
            client.remove_bucket(bucket.name)


@pytest.mark.parametrize("covering", [ALL, "<Filter/>", "<Prefix></Prefix>", ""])
def test_any_rule_that_forgets_everything_in_a_day_will_do(
    store: ObjectStore, bucket: Bucket, covering: str
) -> None:
    bucket.write_rules(rule(covering + ONE_DAY))
    before = bucket.read_rules()

    store.check()
    store.set_up()

    assert bucket.read_rules() == before


@pytest.mark.parametrize(
    "other",
    [
        rule(LOGS + ONE_DAY),
        rule(OLD_LOGS + ONE_DAY),
        rule(TAGGED + ONE_DAY),
        rule(LARGE + ONE_DAY),
        rule(LARGE_LOGS + ONE_DAY),
        rule(ALL + ONE_DAY, status="Disabled"),
        rule(ALL + "<Expiration><Days>2</Days></Expiration>"),
        rule(ALL + "<Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration>"),
        rule(
            ALL + "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>"
            "</Expiration>"
        ),
        rule(
            ALL + "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>"
            "</NoncurrentVersionExpiration>"
        ),
    ],
)
def test_a_rule_for_something_else_is_none_and_the_operators_stays_as_it_was(
    store: ObjectStore, bucket: Bucket, other: str
) -> None:
    bucket.write_rules(other)
    with pytest.raises(ObjectStoreUnavailable, match=r"lifecycle rule.*cutwork-admin setup"):
        store.check()

    store.set_up()

    store.check()
    kept, ours = bucket.read_rules()
    assert kept == other
    assert ONE_DAY in ours


def test_our_own_rule_that_somebody_changed_is_put_right(
    store: ObjectStore, bucket: Bucket
) -> None:
    [ours] = bucket.read_rules()
    kept = rule(LOGS + "<Expiration><Days>7</Days></Expiration>")
    bucket.write_rules(ours.replace(">Enabled<", ">Disabled<"), kept)

    store.set_up()

    assert sorted(bucket.read_rules()) == sorted([kept, ours])
    store.check()


def test_beside_rules_of_the_old_form_ours_has_it_too(store: ObjectStore, bucket: Bucket) -> None:
    """AWS takes no `Filter` in a configuration that has a rule without one."""
    bucket.write_rules(rule(OLD_LOGS + "<Expiration><Days>7</Days></Expiration>"))

    store.set_up()

    assert not any("<Filter>" in rule for rule in bucket.read_rules())
    store.check()


def test_parts_and_old_versions_that_something_else_left_go_by_our_rule_too(
    bucket: Bucket,
) -> None:
    [ours] = bucket.read_rules()

    assert "<DaysAfterInitiation>1</DaysAfterInitiation>" in ours
    assert "<NoncurrentDays>1</NoncurrentDays>" in ours


def test_a_bucket_that_keeps_old_versions_is_refused_with_the_cure(
    store: ObjectStore, bucket: Bucket
) -> None:
    bucket.set_bucket_versioning(bucket.name, VersioningConfig(ENABLED))

    for call in (store.set_up, store.check):
        with pytest.raises(Unavailable, match=rf"{bucket.name}.*versioning"):
            call()

    bucket.set_bucket_versioning(bucket.name, VersioningConfig(SUSPENDED))
    store.set_up()
    store.check()


def test_what_is_deleted_from_a_bucket_whose_versions_are_suspended_is_gone(
    store: ObjectStore, bucket: Bucket
) -> None:
    bucket.set_bucket_versioning(bucket.name, VersioningConfig(ENABLED))
    bucket.set_bucket_versioning(bucket.name, VersioningConfig(SUSPENDED))
    job_id = uuid.uuid4()
    store.put_result(Lease(job_id, 1), IMAGE, b"png")

    store.delete_results(job_id)

    versions = list(bucket.list_objects(bucket.name, recursive=True, include_version=True))
    assert [found for found in versions if not found.is_delete_marker] == []
    for marker in versions:
        bucket.remove_object(bucket.name, str(marker.object_name), marker.version_id)


def test_a_bucket_that_locks_its_objects_is_refused_with_the_cure(
    settings: Settings, bucket: Bucket
) -> None:
    locked = f"locked-{uuid.uuid4().hex[:12]}"
    bucket.make_bucket(locked, object_lock=True)
    store = ObjectStore(settings.model_copy(update={"results_bucket": locked}))

    for call in (store.set_up, store.check):
        with pytest.raises(Unavailable, match=rf"{locked}.*versioning"):
            call()

    bucket.remove_bucket(locked)


def test_a_large_result_is_one_object_from_the_first_byte_on(
    store: ObjectStore, bucket: Bucket
) -> None:
    """In parts it would leave them behind when the worker dies in between, and no list of objects shows them."""
    job_id, large = uuid.uuid4(), bytes(6 * 1024 * 1024)

    store.put_result(Lease(job_id, 1), IMAGE, large)

    key = f"{job_id}/1/{IMAGE}.png"
    found = bucket.stat_object(bucket.name, key)
    assert found.size == len(large)
    # Of an upload in parts it ends with their number.
    assert "-" not in str(found.etag)
