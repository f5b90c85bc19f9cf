"""Markdown → HTML that a strict Content-Security-Policy lets through: no script, no style, no HTML from the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

#: A link's target → where it leads here; None: nowhere, and so it is no link.
Resolve = Callable[[str], str | None]


@dataclass(frozen=True)
class Heading:
    """A part of a page that can be linked to."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True)
class Rendered:
    """A page without its frame."""

    html: str
    headings: Sequence[Heading]

    @property
    def title(self) -> str:
        """The first heading."""
        return self.headings[0].text if self.headings else ""


def render(text: str, resolve: Resolve) -> Rendered:
    """Render a page; its links lead where `resolve` says."""
    tokens = _PARSER.parse(text)
    headings = list(_add_anchors(tokens))
    for token in tokens:
        _move_style_to_class(token)
        if token.children:
            token.children = list(_resolved(token.children, resolve))
    return Rendered(_PARSER.renderer.render(tokens, _PARSER.options, {}), headings)


def headings_of(text: str) -> list[Heading]:
    """List the parts of a page, with the anchors that a forge gives them too."""
    return list(_add_anchors(_PARSER.parse(text)))


def _add_anchors(tokens: Sequence[Token]) -> Iterator[Heading]:
    used: dict[str, int] = {}
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        text = "".join(child.content for child in inline.children or ())
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = used[anchor] = used.get(anchor, -1) + 1
        if count:
            anchor = f"{anchor}-{count}"
        opening.attrSet("id", anchor)
        _append_link(inline, anchor, text)
        yield Heading(int(opening.tag[1]), text, anchor)


def _append_link(inline: Token, anchor: str, text: str) -> None:
    label = escape(f"Link to: {text}")
    link = f' <a class="anchor" href="#{anchor}" aria-label="{label}">#</a>'
    inline.children = [*(inline.children or ()), Token("html_inline", "", 0, content=link)]


def _move_style_to_class(token: Token) -> None:
    """Columns are aligned by a style, which the policy does not let through."""
    style = token.attrs.pop("style", None)
    if style is not None:
        token.attrSet("class", str(style).rpartition(":")[2])


def _resolved(tokens: Sequence[Token], resolve: Resolve) -> Iterator[Token]:
    is_link = True
    for token in tokens:
        name = {"link_open": "href", "image": "src"}.get(token.type)
        target = resolve(str(token.attrGet(name))) if name else None
        if name and target is not None:
            token.attrSet(name, target)
        if token.type == "link_open":
            is_link = target is not None
        if is_link or token.type not in {"link_open", "link_close"}:
            yield token


def _highlight(code: str, language: str, _attributes: str) -> str:
    try:
        coloured = highlight(code, get_lexer_by_name(language), HtmlFormatter(nowrap=True))
    except ClassNotFound:
        coloured = escape(code)
    # What is wider than the screen is scrolled, by the keyboard too.
    return f'<pre tabindex="0"><code>{coloured}</code></pre>\n'


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "highlight": _highlight}).enable("table")
    parser.add_render_rule("table_open", lambda *_: '<div class="table" tabindex="0"><table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return parser


_PARSER = _make_parser()
