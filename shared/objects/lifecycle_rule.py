"""The lifecycle rule by which a bucket forgets, and its place among the operator's own rules."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from shared.objects.bucket_configuration import parse, remove_rule, write

_ROOT, _RULE = "LifecycleConfiguration", "Rule"
_ID = "cutwork-one-day"
#: What is no object goes too: parts of uploads that broke off, and versions from before versioning was suspended.
_OURS = f"""
<Rule><ID>{_ID}</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>
<Expiration><Days>1</Days></Expiration>
<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>
<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>
""".replace("\n", "")


def forgets_in_a_day(configuration: str) -> bool:
    """Tell whether some rule of a lifecycle configuration deletes every object a day after it was stored."""
    return any(
        rule.findtext("Status") == "Enabled"
        and rule.findtext("Expiration/Days") == "1"
        and _covers_all(rule)
        for rule in parse(configuration, _ROOT).iter(_RULE)
    )


def with_our_rule(configuration: str) -> bytes:
    """Add our rule to a lifecycle configuration, which may be empty, or put it right; the others stay as they are."""
    root = parse(configuration, _ROOT)
    remove_rule(root, _RULE, _ID)
    ours = ElementTree.fromstring(_OURS)  # noqa: S314  our own
    if any(rule.find("Prefix") is not None for rule in root.iter(_RULE)):
        # AWS takes no `Filter` beside a rule that names its prefix in the form of before 2016.
        whole = ours.find("Filter")
        assert whole is not None
        ours.remove(whole)
        ours.insert(0, Element("Prefix"))
    root.append(ours)
    return write(root)


def _covers_all(rule: Element) -> bool:
    """Whether a rule has no condition: an empty prefix is none, in either form."""
    conditions = [*rule.findall("Prefix"), *(rule.find("Filter") or ())]
    return all(found.tag == "Prefix" and not found.text for found in conditions)
