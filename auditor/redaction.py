"""Takes secrets out of arguments, addresses and text before anything is stored; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import PurePosixPath

from auditor._secrets import is_secret_value, without_tokens

REDACTED = "[redacted]"

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ALWAYS = frozenset({
    "password", "passwords", "passwd", "passphrase", "pass", "pwd", "pw", "secret", "secrets",
    "credential", "credentials", "creds", "apikey", "apikeys", "accesskey", "secretkey", "bearer",
    "authorization", "cookie", "jwt", "dsn", "authtoken", "pgpassword", "hftoken", "webhook",
})  # fmt: skip
_TOKENS = frozenset({"token", "tokens", "key", "keys"})
# Words that make a key or token a secret one, and those that make it a count or a name.
_KEY_OF = frozenset({
    "api", "access", "secret", "private", "master", "encryption", "signing", "auth", "account",
    "license", "service", "shared", "admin", "session", "storage", "deploy", "bot", "subscription",
    "client", "host", "ssh", "server", "user", "app",
})  # fmt: skip
_COUNTED = frozenset({
    "max", "min", "num", "limit", "count", "pad", "eos", "bos", "unk", "sep", "cls", "mask",
    "stop", "special", "id", "ids", "len", "length", "new", "batched", "prefill", "per", "total",
    "budget", "image", "added", "prompt", "completion", "size", "step", "steps", "draft",
})  # fmt: skip
# A name that ends so says where a secret lies or what it is called: the place is evidence.
_PLACE = frozenset({
    "file", "files", "path", "dir", "directory", "folder", "name", "names", "url", "uri", "mode",
    "type", "ttl", "expiry", "expires", "endpoint", "provider", "enabled", "required", "algorithm",
    "length", "policy", "class", "backend", "store", "ref", "mount", "env",
})  # fmt: skip
_NOT_SECRET = frozenset({"PWD", "OLDPWD", "pwd", "pass", "keyfile", "certfile"})

# Short options that carry a secret, by program; `attached` is written without a blank.
_SHORT: dict[str, tuple[str, ...]] = {
    "sshpass": ("-p",), "curl": ("-u", "-U"), "redis-cli": ("-a",), "redis-server": (),
    "ldapsearch": ("-w",), "ldapmodify": ("-w",), "smbclient": ("-U",), "mosquitto_pub": ("-P",),
    "mosquitto_sub": ("-P",), "sqlcmd": ("-P",), "mongo": ("-p",), "mongosh": ("-p",),
    "login": ("-p",), "htpasswd": (), "ssh": (), "scp": (), "rsync": (), "clickhouse-client": (),
    "7z": ("-p",), "unzip": ("-P",), "zip": ("-P",), "openssl": (), "gpg": (), "vault": (),
}  # fmt: skip
_ATTACHED = re.compile(r"^(?:mysql|mariadb)[a-z_-]*$|^7z[a-z]?$|^sshpass$")
_PAIR = frozenset({"--auth", "--gradio-auth", "--user", "--basic-auth", "-u", "--proxy-user"})
_MANY = frozenset({"--api-key", "--api-keys", "--api_key", "--api_keys", "--tokens", "--keys"})

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s\"'<>]*")
_ASSIGNMENT = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9_.-]{1,80})(?P<sep>[\"']?\s{0,3}[:=]\s{0,3}[\"']?)"
    r"(?P<value>[^\s\"',;&|}{)(]+)"
)
_HEADER = re.compile(
    r"(?i)\b((?:proxy-)?authorization|cookie|set-cookie|x-api-key|api-key|x-auth-token)"
    r"(\s{0,3}:\s{0,3})[^\r\n\"']+"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic|token)(\s{1,3})([A-Za-z0-9._~+/=-]{12,})")
_ASSIGNED = re.compile(r"^(-{0,2}[A-Za-z][A-Za-z0-9_.-]*)=(.*)$", re.DOTALL)
_FLAG = re.compile(r"^--?[A-Za-z]")
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END[^\n]*|\Z)")


def is_secret_name(name: str) -> bool:
    """Return whether a variable, flag or key of this name holds a credential itself.

    `HF_TOKEN`, `--api-key` and `awsSecretAccessKey` do; `--max-tokens`, `TOKENIZERS_PARALLELISM`
    and `PASSWORD_FILE` (a place, not a secret) do not.
    """
    bare = name.lstrip("-")
    if bare in _NOT_SECRET:
        return False
    words = [word.lower() for word in _WORDS.findall(bare)]
    while words and words[-1].isdigit():
        words.pop()
    if not words or words[-1] in _PLACE:
        return False
    if _ALWAYS.intersection(words) or "".join(words) in _ALWAYS:
        return True
    last = words[-1]
    if last in ("token", "tokens"):
        return not _COUNTED.intersection(words) and (last == "token" or len(words) > 1)
    if last in ("key", "keys"):
        return bool(_KEY_OF.intersection(words[:-1]))
    # `AWS_ACCESS_KEY_ID`, `token_value`: the telling pair stands before the end.
    return any(second in _TOKENS and first in _KEY_OF for first, second in pairwise(words))


def redact_url(url: str) -> str:
    """Return an address without user, password, query and fragment: what is left leads there."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    # A password may hold an unescaped `/`: then the last `@` of all ends it.
    odd = "@" not in authority and "@" in rest and not re.fullmatch(r"[^:]*(:\d*)?", authority)
    at = rest.rfind("@") if odd else authority.rfind("@")
    return f"{scheme}://{re.split(r'[?#]', rest[at + 1 :], maxsplit=1)[0]}"


def redact_text(text: str) -> str:
    """Return free text without what looks like a secret: assignments, headers, tokens, keys."""
    text = _PEM.sub(REDACTED, text)
    text = _URL.sub(lambda match: redact_url(match[0]), text)
    text = _HEADER.sub(rf"\1\2{REDACTED}", text)
    text = _BEARER.sub(rf"\1\2{REDACTED}", text)
    text = _ASSIGNMENT.sub(_without_assigned, text)
    return without_tokens(text, REDACTED)


def _without_assigned(match: re.Match[str]) -> str:
    if not is_secret_name(match["name"]):
        value = _without_nested(match["value"])
    elif _URL.fullmatch(match["value"]):
        # `SENTRY_DSN`, `DATABASE_URL`: where it leads is evidence, all else may be the secret.
        value = "/".join(redact_url(match["value"]).split("/", 3)[:3])
    else:
        value = REDACTED
    return f"{match['name']}{match['sep']}{value}"


def _without_nested(value: str) -> str:
    """Return `A=B=C` (as in `--env=DB_PASSWORD=…`) cut behind the first secret name."""
    parts = value.split("=")
    for number, part in enumerate(parts[:-1], start=1):
        if is_secret_name(part):
            return "=".join([*parts[:number], REDACTED])
    return value


def redact_value(name: str, value: str) -> str:
    """Return the value of a variable or setting as it may be stored; a secret's is empty."""
    return "" if is_secret_name(name) else redact_text(value)


def redact_arguments(arguments: Iterable[str]) -> tuple[str, ...]:
    """Return a command line without its secrets, argument by argument.

    Flags are kept, so that what is set remains evidence; secret values become `[redacted]`.
    """
    kept: list[str] = []
    program = ""
    awaited = ""  # the flag whose value comes next, if that value is secret
    for argument in arguments:
        is_flag = bool(_FLAG.match(argument))
        if awaited and not (is_flag and awaited in _MANY):
            kept.append(_secret_of(awaited, argument))
            awaited = awaited if awaited in _MANY else ""
            continue
        awaited = ""
        if not is_flag and _known_program(argument):
            program = PurePosixPath(argument).name
        kept.append(_redact_argument(argument, program))
        if is_flag and "=" not in argument and _takes_secret(argument, program):
            awaited = argument
    return tuple(kept)


def _known_program(argument: str) -> bool:
    name = PurePosixPath(argument).name
    return name in _SHORT or bool(_ATTACHED.match(name))


def _takes_secret(flag: str, program: str) -> bool:
    if flag in _SHORT.get(program, ()) or flag in _PAIR:
        return True
    return (flag.startswith("--") or len(flag) > 2) and is_secret_name(flag)  # noqa: PLR2004


def _secret_of(flag: str, value: str) -> str:
    """Return what stands in for a flag's secret; of `user:password` the user stays out too."""
    if flag in _PAIR and ":" not in value and not is_secret_value(value):
        return value
    return REDACTED if value else value


def _redact_argument(argument: str, program: str) -> str:
    if _ATTACHED.match(program) and argument.startswith("-p") and len(argument) > 2:  # noqa: PLR2004
        return f"-p{REDACTED}"
    attached = next(
        (f for f in _SHORT.get(program, ()) if argument.startswith(f) and argument != f), None
    )
    if attached:
        return attached + REDACTED
    assigned = _ASSIGNED.match(argument)
    if assigned and is_secret_name(assigned[1].rpartition("=")[2]):
        return f"{assigned[1]}={REDACTED}" if assigned[2] else argument
    if assigned and assigned[1] in _PAIR and ":" in assigned[2]:
        return f"{assigned[1]}={REDACTED}"
    if re.search(r"\s", argument.strip()):
        return _redact_script(argument)
    return redact_text(argument)


def _redact_script(script: str) -> str:
    """Return a shell command given as one argument: its words are arguments of their own."""
    script = redact_text(script)
    pieces = re.split(r"(\s+)", script)
    words = [piece.strip("\"'") for piece in pieces[::2]]
    redacted = redact_arguments(words)
    for number, (word, safe) in enumerate(zip(words, redacted, strict=True)):
        if word and word != safe:
            pieces[2 * number] = pieces[2 * number].replace(word, safe)
    return "".join(pieces)
