"""Words and characters that no honest chat template needs: names, attributes, hidden characters."""

from __future__ import annotations

import re
import unicodedata

# Attributes that lead from any Python object to the interpreter (Jinja's own sandbox refuses
# those with underscores; llama-cpp-python rendered templates without it: CVE-2024-34359).
GADGET_ATTRIBUTES = frozenset({
    "mro", "gi_frame", "gi_code", "gi_yieldfrom", "cr_frame", "cr_code", "cr_origin", "ag_frame",
    "ag_code", "f_back", "f_builtins", "f_code", "f_globals", "f_locals", "func_builtins",
    "func_closure", "func_code", "func_defaults", "func_globals", "im_class", "im_func", "im_self",
    "tb_frame", "tb_next", "co_code", "co_consts", "func_name",
})  # fmt: skip
# Methods that run something, whatever the object is.
GADGET_CALLS = frozenset({
    "popen", "system", "eval", "exec", "execfile", "compile", "spawn", "check_output",
    "check_call", "getoutput", "getstatusoutput", "import_module", "import_string", "load_module",
    "run", "call", "open", "from_string", "get_template", "read_text", "write_text", "urlopen",
    "resolve_name",
})  # fmt: skip
# Objects of Jinja's own whose attributes lead to Python's modules; assigning hides none of them.
GADGET_OBJECTS = frozenset({"lipsum", "cycler", "joiner", "_self", "self"})
# Names that only a web framework or plain Python would give a template.
OUTSIDE_NAMES = frozenset({
    "config", "request", "url_for", "get_flashed_messages", "getattr", "setattr", "delattr",
    "eval", "exec", "compile", "open", "globals", "locals", "os", "sys", "subprocess",
    "importlib", "builtins", "breakpoint", "popen",
})  # fmt: skip
# Names that may be a server's own variable, and may be more.
UNUSUAL_NAMES = frozenset({
    "session", "g", "app", "application", "vars", "type", "object", "input", "environ",
    "environment", "handler", "settings", "context",
})  # fmt: skip
# Filters that look an attribute up by the name they are given.
ATTRIBUTE_FILTERS = frozenset({
    "map", "selectattr", "rejectattr", "groupby", "sort", "sum", "unique", "min", "max",
})  # fmt: skip

_DUNDER = re.compile(
    r"__(?:abstractmethods|annotations|base|bases|builtins|call|class|closure|code|context|cached|"
    r"defaults|del|delattr|dict|dir|doc|enter|exit|file|format|func|get|getattr|getattribute|"
    r"getitem|globals|import|init|init_subclass|loader|main|module|mro|name|new|package|path|"
    r"prepare|qualname|reduce|reduce_ex|repr|self|set|setattr|slots|spec|str|subclasscheck|"
    r"subclasses|subclasshook|weakref|wrapped)__"
)
# An underscore that is written so that whoever reads the template does not see it.
HIDDEN_UNDERSCORE = re.compile(r"\\(?:x5[fF]|u005[fF]|U0000005[fF]|0?137|N\{LOW LINE\})")
# Any other plain letter that is written as a number: nothing but a disguise.
HIDDEN_LETTER = re.compile(
    r"\\(?:x(?:4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])|u00[4-7][0-9a-f])", re.IGNORECASE
)

_ADDRESS = re.compile(
    r"\b(?:https?|ftp|wss?|file|data|javascript):(?://|[a-z]+/[a-z]+[;,])\S{0,120}", re.IGNORECASE
)
_SCHEMAS = re.compile(r"https?://(?:json-schema\.org|www\.w3\.org|schemas?\.[a-z]+\.org)/")
_MARKUP = re.compile(
    r"<\s*(?:script|iframe|object|embed|img\s[^>]{0,200}src)\b|javascript:", re.IGNORECASE
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{64,}={0,2}(?![A-Za-z0-9+/])")
_MANIPULATION = re.compile(
    r"(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+)?(?:of\s+)?(?:the\s+|your\s+)?"
    r"(?:previous|prior|above|earlier|preceding)\s+(?:instructions?|prompts?|messages?|rules?)"
    r"|(?:do\s+not|don't|never)\s+(?:tell|inform|alert|warn|notify|mention\s+(?:this|it)\s+to)\s+"
    r"(?:the\s+)?(?:user|human|operator|anyone)(?!\s+about\s+(?:function|tool))"
    r"|(?:do\s+not|don't|never)\s+(?:reveal|disclose|mention|acknowledge)\s+(?:this|these|that\s+you)"
    r"|without\s+(?:telling|informing|notifying|alerting)\s+(?:the\s+)?(?:user|human|anyone)"
    r"|\bsecretly\b|\bexfiltrat|\bcovertly\b|hidden\s+instructions?",
    re.IGNORECASE,
)  # fmt: skip
_SENTENCE_WORDS = 6
# Tokens that steer a model (`<|START_OF_TURN|>`, `[INST]`) are no words.
_TOKEN = re.compile(r"<[^<>\n]{1,80}>|\[/?[A-Z_ ]{1,40}\]")
_WORD = re.compile(r"[^\W\d_]{2,}|\b[aI]\b")


def dunder(text: str) -> str:
    """Return the first name of Python's own in a text (`__class__`), `` for none."""
    found = _DUNDER.search(text)
    return found.group() if found else ""


def address(text: str) -> str:
    """Return the first address in a text that is not that of a schema, `` for none."""
    found = (m.group() for m in _ADDRESS.finditer(text) if not _SCHEMAS.match(m.group()))
    return next(found, "")


def markup(text: str) -> str:
    """Return the first piece of a text that a browser would run or fetch, `` for none."""
    found = _MARKUP.search(text)
    return found.group() if found else ""


def blob(text: str) -> str:
    """Return the beginning of a long run of base64 in a text, `` for none."""
    for found in _BASE64.finditer(text):
        run = found.group()
        if any(c.isdigit() for c in run) and any(c.isupper() for c in run) and not run.islower():
            return run[:32]
    return ""


def manipulation(text: str) -> str:
    """Return words that tell a model to deceive its user, `` for none."""
    found = _MANIPULATION.search(text)
    return " ".join(found.group().split()) if found else ""


def sentence(text: str) -> bool:
    """Return whether a text holds a sentence: six words in one line."""
    return any(
        len(_WORD.findall(_TOKEN.sub("", line))) >= _SENTENCE_WORDS for line in text.split("\n")
    )


def hidden(text: str) -> tuple[int, str] | None:
    """Return the first character that nobody sees, as its place and its name; `None` for none.

    Joiners between characters beyond ASCII (emoji, Persian) and a byte order mark at the
    beginning are usual.
    """
    if text.isascii() and not any(_control(c) for c in set(text)):
        return None
    for place, character in enumerate(text):
        if _hides(character) and not _usual(text, place):
            name = unicodedata.name(character, "control character")
            return place, f"U+{ord(character):04X} {name}"
    return None


def _control(character: str) -> bool:
    return (character < " " and character not in "\t\n\r\f\v") or character == "\x7f"


def _hides(character: str) -> bool:
    if character.isascii():
        return _control(character)
    return unicodedata.category(character) in ("Cf", "Cc", "Co") or character in _BLANK


# Letters and marks that are drawn as nothing: Hangul fillers, variation selectors' supplement.
_BLANK = frozenset(
    "\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5" + "".join(map(chr, range(0xE0100, 0xE01F0)))
)


def _usual(text: str, place: int) -> bool:
    character = text[place]
    if character == "\ufeff":
        return place == 0
    if character not in "\u200c\u200d":
        return False
    around = text[place - 1 : place] + text[place + 1 : place + 2]
    return len(around) == 2 and not any(c.isascii() or _hides(c) for c in around)  # noqa: PLR2004 - before, behind
