"""Reads the SSH daemon's configuration as OpenSSH does: the first value of a keyword wins."""

from __future__ import annotations

import re

from msgspec import Struct, field

from auditor.collect._globs import matching
from auditor.collect._reading import Reading

# The second is where distributions with an immutable /usr put their own.
PLACES = ("/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config")
_FOLDER = "/etc/ssh"
_DEEPEST = 16  # servconf.h: SERVCONF_MAX_DEPTH
_MOST_FILES = 500
_KEYWORD = re.compile(r"\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+|(?=\"))(.*)")
_ARGUMENT = re.compile(r'\s*(?:"([^"]*)"|([^\s"#][^\s"]*))')
_ALIASES = {
    "challengeresponseauthentication": "kbdinteractiveauthentication",
    "skeyauthentication": "kbdinteractiveauthentication",
    "dsaauthentication": "pubkeyauthentication",
}
_SWITCH = {"yes": True, "true": True, "no": False, "false": False}


class SshdConfig(Struct):
    """The settings outside `Match` blocks.

    `doubtful` is set from where a line or an included file could not be read: what is not set
    before may have been set there.
    """

    source: str = ""
    line: int = 0
    values: dict[str, str] = field(default_factory=dict)
    ports: list[int] = field(default_factory=list)
    match_blocks: int = 0
    in_matches: dict[str, None] = field(default_factory=dict)
    doubtful: bool = False
    files: int = 0

    def word(self, keyword: str, default: str) -> str | None:
        """Return a keyword's value, its default where it is unset, `None` where in doubt."""
        if keyword in self.values:
            return self.values[keyword]
        return None if self.doubtful else default

    def choice(self, keyword: str, default: str) -> str | None:
        """Return a keyword's value, which OpenSSH compares without regard to case."""
        value = self.word(keyword, default)
        return None if value is None else value.lower()

    def switch(self, keyword: str, *, default: bool) -> bool | None:
        """Return a yes-or-no keyword's value; `None` also for a value that is neither."""
        value = self.word(keyword, "yes" if default else "no")
        return None if value is None else _SWITCH.get(value.lower())


def read(reading: Reading) -> SshdConfig | None:
    """Return the configuration, `None` where there is none or it could not be read (a gap)."""
    for path in PLACES:
        text = reading.text(path)
        if text is not None:
            config = SshdConfig(source=path)
            _read_text(reading, path, text, config, depth=0, conditional=False)
            return config
        if not reading.absent(path):
            return None
    return None


def _read_text(  # noqa: PLR0913 - where it stands decides what a line means
    reading: Reading, path: str, text: str, config: SshdConfig, *, depth: int, conditional: bool
) -> None:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parsed = _KEYWORD.fullmatch(line)
        arguments = _arguments(parsed[2]) if parsed else None
        if parsed is None or not arguments:
            # OpenSSH refuses such a file: what a running server obeys was read before it was so.
            reading.malformed(path, number, "not a keyword with a value")
            config.doubtful = True
            continue
        keyword = _ALIASES.get(parsed[1].lower(), parsed[1].lower())
        if keyword == "match":
            # `Match all` holds for everybody: what follows it is no exception.
            conditional = [word.lower() for word in arguments] != ["all"]
            config.match_blocks += conditional
        elif keyword == "include":
            _include(reading, arguments, config, depth=depth + 1, conditional=conditional)
        elif conditional:
            config.in_matches[keyword] = None
        else:
            _set(reading, f"{path}:{number}", config, keyword, arguments)


def _arguments(text: str) -> list[str]:
    """Return the arguments: quoted ones may hold blanks, a `#` begins a comment."""
    found = []
    position = 0
    while match := _ARGUMENT.match(text, position):
        found.append(match[1] if match[1] is not None else match[2])
        position = match.end()
    return found


def _set(
    reading: Reading, place: str, config: SshdConfig, keyword: str, arguments: list[str]
) -> None:
    if keyword == "port":
        if arguments[0].isdecimal() and 0 < int(arguments[0][:6]) < 1 << 16:
            config.ports.append(int(arguments[0]))
        else:
            reading.miss(place, "malformed", "not a port")
    elif not config.doubtful:
        config.values.setdefault(keyword, " ".join(arguments))


def _include(
    reading: Reading,
    patterns: list[str],
    config: SshdConfig,
    *,
    depth: int,
    conditional: bool,
) -> None:
    for pattern in patterns:
        whole = pattern if pattern.startswith("/") else f"{_FOLDER}/{pattern}"
        before = reading.losses
        paths = matching(reading, whole)
        config.doubtful = config.doubtful or reading.losses > before
        for path in paths:
            config.files += 1
            if depth > _DEEPEST or config.files > _MOST_FILES:
                reading.miss(path, "limit", "too many included files")
                config.doubtful = True
                return
            text = reading.text(path)
            if text is None:
                config.doubtful = config.doubtful or not reading.absent(path)
                continue
            _read_text(reading, path, text, config, depth=depth, conditional=conditional)
