"""Reads chat templates that lie in a file of their own (`chat_template.jinja`)."""

from __future__ import annotations

import re

from auditor.formats import BLANKS, Context, FormatError, Inspection, ModelFormat, ModelHeader, View
from auditor.formats._template import MAX_TEXT, check_template, digest

_BEGINNINGS = (b"{%", b"{{", b"{#", b"<", b"[")
_LOOKED_AT = 64 << 10
_UTF8_MOST = 4
_MESSAGES = re.compile(rb"(?<![A-Za-z0-9_])messages")
# A page that stands in another: of a web server's, for who renders chats has no other to give.
_PAGE = re.compile(rb"\{%[-+]?\s*extends\s")


def recognises(head: bytes, view: View) -> bool:
    """Return whether it begins as a template does and soon goes through messages."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith(_BEGINNINGS) or b"\0" in head:
        return False
    beginning = head + view.at(len(head), _LOOKED_AT)
    if b"{%" not in beginning or b"<html" in beginning:
        return False
    return _MESSAGES.search(beginning) is not None and _PAGE.search(beginning) is None


def inspect(view: View, context: Context) -> Inspection:
    """Return whether the template is safe; raises `FormatError`."""
    if view.size > MAX_TEXT * _UTF8_MOST:
        raise FormatError(f"a template of {view.size} bytes", "limit", rule="template-limit")
    raw = view.at(0, view.size)
    if len(raw) < view.size:
        raise FormatError("the template ends early")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("the template is no UTF-8", offset=error.start) from error
    return Inspection(
        model_format="chat_template",
        role="configuration",
        header=ModelHeader(chat_template=digest(text)),
        reasons=check_template(text, context, "the template"),
    )


FORMAT = ModelFormat(
    title="chat template", recognises=recognises, inspect=inspect, rank=9, begins=b"{<[" + BLANKS
)
