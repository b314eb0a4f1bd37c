"""Tells where the tools that go to other machines are told to go by their arguments."""

from __future__ import annotations

import re
from collections.abc import Callable

from auditor.collect._outbound import PUBLIC_DEFAULT, UNTOLD, Place, by_scheme, place_of

Arguments = tuple[str, ...]

# `user@host:path`, `host::module`: what stands before the colon has no slash.
_REMOTE = re.compile(r"(?:[^@\s/:]{1,64}@)?(\[[0-9A-Fa-f:.]+\]|[\w.\-]{1,255}):(?!//)(:?)(.*)")
_BARE = re.compile(r"[\w\-]+(?:\.[\w\-]+)+(?::\d{1,5})?(?:[/?].*)?")
# Options of curl and wget whose value is no address.
_VALUED = frozenset({
    "-o", "-O", "-H", "-d", "-X", "-u", "-F", "-T", "-A", "-e", "-b", "-c", "-K", "-w", "-m", "-P",
    "-U", "-E", "-D", "-C", "-r", "-y", "-Y", "-z", "-i", "-t", "-a", "-B", "-l", "-Q", "-I", "-R",
    "-J", "-S", "-L", "-W", "-p", "-s",
})  # fmt: skip
_SSH_VALUED = frozenset("-" + letter for letter in "BbcDEeFIiJLlmOoPpQRSWw")
_GIT_REMOTE = frozenset({"push", "pull", "fetch", "clone", "ls-remote"})
_IMAGE_VERBS = frozenset({"pull", "push", "copy", "login", "run", "sync"})
_SOCAT = re.compile(r"(tcp[46]?|openssl|udp[46]?)(?:-connect)?:([^:,]+):(\d{1,5})", re.IGNORECASE)


def place_named(name: str, arguments: Arguments) -> Place | None:
    """Return where the tool `name` goes with these arguments; `None` where that is nowhere.

    That is also the answer for a program that is not among the known tools.
    """
    reader = _READERS.get(name)
    return reader(arguments) if reader and arguments else None


def _fetch(arguments: Arguments) -> Place | None:
    """Return the address that curl, wget and their kin are given."""
    before = ""
    positional = False
    for word in arguments:
        takes_value = before in _VALUED or (before.startswith("--") and "=" not in before)
        if not word.startswith("-"):
            if not takes_value and _BARE.fullmatch(word):
                return place_of(word, encrypted=False)
            positional = True
        before = word
    return UNTOLD if positional else None


def _copy(arguments: Arguments) -> Place | None:
    """Return the host of scp and rsync; paths alone stay on this machine."""
    for word in arguments:
        match = None if word.startswith(("-", "/", ".", "~")) else _REMOTE.fullmatch(word)
        if match:
            return place_of(match[1], encrypted=not match[2])
    hidden = any("$" in word and not word.startswith(("-", "/", ".", "~")) for word in arguments)
    return UNTOLD if hidden else None


def _login(arguments: Arguments) -> Place | None:
    """Return the host of ssh and its kin: the first argument that is no option."""
    waiting = False
    for word in arguments:
        if waiting:
            waiting = False
        elif word.startswith("-"):
            waiting = word in _SSH_VALUED
        else:
            return place_of(word.rpartition("@")[2].partition(":")[0], encrypted=True)
    return None


def _connect(arguments: Arguments) -> Place | None:
    """Return host and port of netcat, telnet and ftp."""
    words = [word for word in arguments if not word.startswith("-")]
    if "-l" in arguments or not words:
        return None
    port = words[1] if len(words) > 1 and words[1].isdecimal() and len(words[1]) < 6 else "0"  # noqa: PLR2004
    return place_of(words[0], encrypted=False, port=int(port))


def _socat(arguments: Arguments) -> Place | None:
    for word in arguments:
        match = _SOCAT.match(word)
        if match:
            return place_of(match[2], encrypted=match[1].lower() == "openssl", port=int(match[3]))
    return None


def _cloud(arguments: Arguments) -> Place | None:
    """Return the endpoint that is given to the tool of a cloud, else the cloud itself."""
    named = option(arguments, "--endpoint-url", "--endpoint", "--host", "--account-endpoint")
    if named is not None:
        return place_of(named, encrypted=None if "://" in named else True)
    return None if all(word.startswith("-") for word in arguments) else PUBLIC_DEFAULT


def _git(arguments: Arguments) -> Place | None:
    verbs = [word for word in arguments if word in _GIT_REMOTE]
    if not verbs:
        return None
    found = _copy(arguments)
    return found or UNTOLD  # the repository's own settings tell


def _image(arguments: Arguments) -> Place | None:
    """Return the registry of an image that is pulled or pushed."""
    verb = next((word for word in arguments if not word.startswith("-")), "")
    if verb not in _IMAGE_VERBS or verb == "run":
        return None
    rest = [w for w in arguments if not w.startswith("-") and w != verb]
    first = rest[0].removeprefix("docker://").partition("/")[0] if rest else ""
    if "$" in first or not rest:
        return UNTOLD
    if "." in first or ":" in first or first == "localhost":
        return place_of(first, encrypted=True)
    return PUBLIC_DEFAULT


def _restic(arguments: Arguments) -> Place | None:
    """Return the host of a restic repository; one in a folder stays on this machine."""
    named = option(arguments, "-r", "--repo")
    if named is None:
        return UNTOLD  # a variable or a file names it
    scheme, colon, rest = named.partition(":")
    if not colon or named.startswith(("/", ".")):
        return None
    if scheme == "sftp":
        return _copy((rest,)) or place_of(rest, encrypted=True)
    if scheme in {"s3", "rest", "swift"} and rest:
        return place_of(rest, encrypted=by_scheme(rest.partition(":")[0]))
    return UNTOLD if scheme == "rclone" else PUBLIC_DEFAULT


def _borg(arguments: Arguments) -> Place | None:
    found = _copy(arguments)
    if found is None and any(word.startswith("::") for word in arguments):
        return UNTOLD  # BORG_REPO names it
    return found


def _elsewhere(_arguments: Arguments) -> Place:
    return UNTOLD  # its own settings name the place


def _client(arguments: Arguments) -> Place | None:
    """Return the server that a client of a database or broker is given; else it is local."""
    named = option(arguments, "-h", "--host", "-H")
    return None if named is None or named.startswith("/") else place_of(named)


def _connected(arguments: Arguments) -> Place | None:
    named = option(arguments, "-connect")
    return None if named is None else place_of(named, encrypted=True)


def _hub(arguments: Arguments) -> Place | None:
    return PUBLIC_DEFAULT if {"download", "upload", "pull", "push"} & {*arguments} else None


def option(arguments: Arguments, *names: str) -> str | None:
    """Return the value of an option, written apart or with `=`; `None` where it is not given."""
    for number, word in enumerate(arguments):
        if word in names and number + 1 < len(arguments):
            return arguments[number + 1]
        name, equals, value = word.partition("=")
        if equals and name in names:
            return value
    return None


_READERS: dict[str, Callable[[Arguments], Place | None]] = {
    **dict.fromkeys(("curl", "wget", "aria2c", "http", "https", "httpie", "lynx", "axel"), _fetch),
    **dict.fromkeys(("scp", "rsync", "sftp", "rdiff-backup", "unison", "duplicity"), _copy),
    **dict.fromkeys(("ssh", "autossh", "mosh", "sshpass", "ssh-copy-id"), _login),
    **dict.fromkeys(("nc", "ncat", "netcat", "telnet", "ftp", "lftp", "tftp", "ntpdate"), _connect),
    **dict.fromkeys(
        ("aws", "az", "azcopy", "gcloud", "gsutil", "s3cmd", "s5cmd", "ossutil", "coscli",
         "obsutil", "b2", "swift"), _cloud,
    ),
    **dict.fromkeys(("docker", "podman", "nerdctl", "crane", "skopeo", "oras"), _image),
    **dict.fromkeys(("rclone", "kopia", "mc", "borgmatic", "ansible-pull"), _elsewhere),
    **dict.fromkeys(
        ("mosquitto_pub", "mosquitto_sub", "redis-cli", "mysql", "mysqldump", "mariadb", "psql",
         "mariadb-dump", "pg_dump", "pg_dumpall", "mongodump", "influx"), _client,
    ),
    **dict.fromkeys(("huggingface-cli", "hf", "modelscope", "ollama"), _hub),
    "socat": _socat,
    "git": _git,
    "restic": _restic,
    "borg": _borg,
    "openssl": _connected,
}  # fmt: skip
