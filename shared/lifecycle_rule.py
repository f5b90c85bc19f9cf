"""The lifecycle rule by which a bucket forgets, and its place among the operator's own rules.

Rules are read and written as XML: minio's classes drop what they do not know, so a copy made with them would change
the operator's rules, and take a rule for large objects alone for one for all.
"""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
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
        for rule in _parse(configuration).iter("Rule")
    )


def with_our_rule(configuration: str) -> bytes:
    """Add our rule to a lifecycle configuration, which may be empty, or put it right; the others stay as they are."""
    root = _parse(configuration)
    for rule in root.findall("Rule"):
        if rule.findtext("ID") == _ID:
            root.remove(rule)
    ours = ElementTree.fromstring(_OURS)  # noqa: S314  our own
    if any(rule.find("Prefix") is not None for rule in root.iter("Rule")):
        # AWS takes no `Filter` beside a rule that names its prefix in the form of before 2016.
        whole = ours.find("Filter")
        assert whole is not None
        ours.remove(whole)
        ours.insert(0, Element("Prefix"))
    root.append(ours)
    root.set("xmlns", _NAMESPACE)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", short_empty_elements=False)
    return written


def _parse(configuration: str) -> Element:
    """Read a configuration, its names without their namespace: not every store gives one."""
    if not configuration:
        return Element("LifecycleConfiguration")
    root = ElementTree.fromstring(configuration)  # noqa: S314  the object store is trusted
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _covers_all(rule: Element) -> bool:
    """Whether a rule has no condition: an empty prefix is none, in either form."""
    conditions = [*rule.findall("Prefix"), *(rule.find("Filter") or ())]
    return all(found.tag == "Prefix" and not found.text for found in conditions)
