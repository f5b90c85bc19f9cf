"""A bucket's configuration as XML, in which our rule has a place among the operator's own.

Rules are read and written as XML: minio's classes drop what they do not know, so a copy made with them would change
the operator's rules, and take a rule for large objects alone for one for all.
"""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def parse(configuration: str, name: str) -> Element:
    """Read a configuration, its names without their namespace: not every store gives one.

    Args:
        configuration: Empty if there is none.
        name: What it is called.
    """
    if not configuration:
        return Element(name)
    root = ElementTree.fromstring(configuration)  # noqa: S314  the object store is trusted
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def write(root: Element) -> bytes:
    """Write a configuration."""
    root.set("xmlns", _NAMESPACE)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", short_empty_elements=False)
    return written


def remove_rule(root: Element, kind: str, name: str) -> None:
    """Take the rule of this name out, if there is one."""
    for rule in root.findall(kind):
        if rule.findtext("ID") == name:
            root.remove(rule)
