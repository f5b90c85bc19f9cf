"""The CORS rule by which a bucket lets pages use it, and its place among the operator's own rules."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement

from shared.objects.bucket_configuration import parse, remove_rule, write

_ROOT, _RULE = "CORSConfiguration", "CORSRule"
_ID = "cutwork-pages"
#: How long a browser remembers it.
_SECONDS = 3600


def has_our_rule(configuration: str, origins: Iterable[str], method: str) -> bool:
    """Tell whether the rule is there that lets pages of just these origins use just this method."""
    return any(
        (_texts(rule, "AllowedOrigin"), _texts(rule, "AllowedMethod")) == ([*origins], [method])
        for rule in parse(configuration, _ROOT).iter(_RULE)
        if rule.findtext("ID") == _ID
    )


def with_our_rule(configuration: str, origins: Iterable[str], method: str) -> bytes:
    """Add our rule to a CORS configuration, which may be empty, or put it right; the others stay as they are."""
    root = parse(configuration, _ROOT)
    remove_rule(root, _RULE, _ID)
    ours = SubElement(root, _RULE)
    SubElement(ours, "ID").text = _ID
    for origin in origins:
        SubElement(ours, "AllowedOrigin").text = origin
    SubElement(ours, "AllowedMethod").text = method
    # What a browser sends of its own accord, such as `Range`; the signature is in the URL or in the form.
    SubElement(ours, "AllowedHeader").text = "*"
    SubElement(ours, "ExposeHeader").text = "ETag"
    SubElement(ours, "MaxAgeSeconds").text = str(_SECONDS)
    return write(root)


def _texts(rule: Element, name: str) -> list[str]:
    return [element.text or "" for element in rule.findall(name)]
