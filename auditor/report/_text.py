"""Makes text from evidence harmless to look at: what cannot be seen is shown as an escape."""

from __future__ import annotations

import re
import unicodedata

# What a terminal obeys or an eye cannot see: C1 controls, soft hyphen and other ignorable
# characters, bidirectional marks, zero-width and line separators, surrogates, private use,
# variation selectors, noncharacters and tags (Unicode 15, Default_Ignorable_Code_Point and
# General_Category Cc, Cs, Co, Zl, Zp). Written out, so that every Python gives the same bytes.
_UNSEEN = (
    "\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)
_UNSEEN_OR_CONTROL = re.compile(f"[\x00-\x1f{_UNSEEN}]")
_UNSEEN_IN_JSON = re.compile(f"[{_UNSEEN}]")
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_ELLIPSIS = "…"

DEFAULT_LIMIT = 400


def _escape(match: re.Match[str]) -> str:
    r"""Return one unseen character as `\n`, `\x1b`, `\u202e` or `\U000e0041`."""
    character = match.group()
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if code <= 0xFF:  # noqa: PLR2004 - the width of the escape, as Python and C write it
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - likewise


def visible(text: str, *, limit: int = DEFAULT_LIMIT) -> str:
    r"""Return `text` in one line of characters that can be seen, at most `limit` of them.

    Controls, bidirectional and zero-width characters, lone surrogates and the like become
    escapes (`\x1b`, `\u202e`); what is longer ends in `…`. The result holds no character that
    moves a cursor, reorders its neighbours or is illegal in XML or UTF-8. Markup is not touched:
    escaping `<` is for the format that has it.
    """
    # Cut first: an escape is never shorter than what it stands for, so nothing is lost.
    shown = _UNSEEN_OR_CONTROL.sub(_escape, text[: limit + 1])
    if len(shown) <= limit:
        return shown
    return shown[: max(limit - 1, 0)].rstrip("\\") + _ELLIPSIS


def visible_json(document: bytes) -> bytes:
    r"""Return a JSON document of the same meaning that is harmless to print.

    JSON already escapes C0 controls; the other unseen characters (in strings, the only place
    where they can be) become `\u` escapes of UTF-16 code units (RFC 8259 section 7).
    """

    def escape(match: re.Match[str]) -> str:
        units = match.group().encode("utf-16-be")
        return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))

    return _UNSEEN_IN_JSON.sub(escape, document.decode()).encode()


def columns(text: str) -> int:
    """Return how many terminal columns `text` takes: East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(text: str, *, width: int, first: str = "", rest: str = "") -> list[str]:
    """Return `text` in lines of at most `width` columns, the first led by `first`.

    Breaks at spaces, in a word only where it does not fit into a line of its own. Beyond ASCII a
    line may break after any wide character, as Chinese is set. Every text passes here on its way
    to a terminal, so that whatever a terminal would obey is escaped here once more.
    """
    text = _UNSEEN_OR_CONTROL.sub(_escape, text)
    lines: list[str] = []
    line = first
    empty = True
    for word in text.split(" "):
        piece = word if empty else " " + word
        if columns(line) + columns(piece) <= width:
            line += piece
            empty = False
            continue
        if not empty and columns(rest) + columns(word) <= width:
            lines.append(line)
            line = rest + word
            continue
        for character in piece:
            if columns(line) + columns(character) > width:
                lines.append(line)
                line = rest
            line += character
        empty = False
    return [line.rstrip() for line in [*lines, line]]
