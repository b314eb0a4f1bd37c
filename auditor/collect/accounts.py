"""Collects the accounts of this host, who administers it, and how its SSH daemon is set."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.collect import Collector, Fact, Options
from auditor.collect import _accounts_files as files
from auditor.collect import _sshd as sshd
from auditor.collect import _sudoers as sudoers
from auditor.collect._reading import Reading
from auditor.collect._sshd_processes import note_options
from auditor.evidence import Coverage, Origin
from auditor.evidence.host import Account, SshServer
from auditor.host import Absent, Host, Unreadable

NAME = "accounts"
# Groups whose members sudo (Debian: sudo, Red Hat and SUSE: wheel, old Ubuntu: admin) and
# polkit let act as root.
ADMINISTRATORS = ("admin", "sudo", "wheel")
_NO_LOGIN = frozenset({"nologin", "false", "true", "sync", "shutdown", "halt"})
_KEYS_LIMIT = 1024 * 1024
_KEYS_DEFAULT = ".ssh/authorized_keys .ssh/authorized_keys2"


def _collect(host: Host, _: Options) -> Iterator[Fact]:
    server = Reading(host, NAME, "ssh_server")
    config = sshd.read(server)
    if config is not None:
        yield _server(config, server)
    note_options(server, configured=config is not None)
    yield from server.gaps()

    reading = Reading(host, NAME, "account")
    accounts = list(_Accounts(host, reading, config).read())
    yield from accounts
    yield from reading.gaps()
    if accounts:
        seen = sum(account.password is not None for account in accounts)
        yield Coverage(what="states of passwords", seen=seen, total=len(accounts))


def _server(config: sshd.SshdConfig, reading: Reading) -> SshServer:
    forbidden = config.switch("disableforwarding", default=False)
    interactive = config.switch("kbdinteractiveauthentication", default=True)
    pam = config.switch("usepam", default=False)
    root = config.choice("permitrootlogin", "prohibit-password")
    return SshServer(
        origin=reading.origin(config.source),
        permit_root_login="prohibit-password" if root == "without-password" else root,
        password_authentication=config.switch("passwordauthentication", default=True),
        permit_empty_passwords=config.switch("permitemptypasswords", default=False),
        allow_tcp_forwarding=_unless(forbidden, config.choice("allowtcpforwarding", "yes")),
        gateway_ports=config.choice("gatewayports", "no"),
        x11_forwarding=False if forbidden else config.switch("x11forwarding", default=False),
        permit_tunnel=_unless(forbidden, config.choice("permittunnel", "no")),
        ports=tuple(sorted(set(config.ports))) or (() if config.doubtful else (22,)),
        match_blocks=config.match_blocks,
        keyboard_interactive=_both(interactive, pam),
    )


def _unless(forbidden: bool | None, value: str | None) -> str | None:
    return "no" if forbidden else value


def _both(one: bool | None, other: bool | None) -> bool | None:
    """Return whether both hold; one that does not decides even where the other is unknown."""
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


class _Accounts:
    """Puts the accounts of one host together from its files."""

    def __init__(self, host: Host, reading: Reading, config: sshd.SshdConfig | None) -> None:
        self._host = host
        self._reading = reading
        self._keys_files = self._where_keys_lie(config)

    def read(self) -> Iterator[Account]:
        """Yield the accounts."""
        reading = self._reading
        entries = files.entries(reading)
        for source in files.other_sources(reading, "passwd"):
            detail = f"accounts also come from {source}, which is not asked"
            reading.miss(files.NSSWITCH, "unsupported", detail)
        passwords = files.passwords(reading)
        groups = files.groups(reading)
        rules = sudoers.read(reading)
        elsewhere = bool(files.other_sources(reading, "sudoers"))
        for entry in entries:
            yield Account(
                origin=Origin(NAME, files.PASSWD, entry.line),
                username=entry.username,
                uid=entry.uid,
                gid=entry.gid,
                directory=entry.directory,
                shell=entry.shell,
                login=entry.shell.rpartition("/")[2] not in _NO_LOGIN,
                password=self._password(entry, passwords),
                administrator=_administrator(entry, groups, rules, elsewhere=elsewhere),
                authorized_keys=self._keys(entry),
            )

    def _password(
        self, entry: files.Entry, shadow: dict[str, files.Password] | None
    ) -> files.Password | None:
        if entry.password != "x":  # noqa: S105 - the mark that the state lies in shadow(5)
            return files.state(entry.password)
        if shadow is None:
            return None
        if entry.username not in shadow:
            detail = "an account of passwd(5) without a line here"
            self._reading.miss(files.SHADOW, "malformed", detail)
        return shadow.get(entry.username)

    def _where_keys_lie(self, config: sshd.SshdConfig | None) -> tuple[str, ...] | None:
        """Return the patterns of the key files, `None` where more may lie elsewhere."""
        if config is None:
            return tuple(_KEYS_DEFAULT.split())
        command = config.word("authorizedkeyscommand", "none")
        places = config.word("authorizedkeysfile", _KEYS_DEFAULT)
        in_matches = {"authorizedkeysfile", "authorizedkeyscommand"} & set(config.in_matches)
        if command != "none" or places is None or in_matches:
            detail = "keys may also come from a command, or from files that a block names"
            self._reading.miss(config.source, "unsupported", detail)
            return None
        return () if places == "none" else tuple(places.split())

    def _keys(self, entry: files.Entry) -> int | None:
        if self._keys_files is None:
            return None
        counts = [self._count(path) for path in _paths(self._keys_files, entry)]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    def _count(self, path: str) -> int | None:
        """Return the number of keys in a file (sshd(8)); what they are is not looked at."""
        try:
            data = self._host.read(path, limit=_KEYS_LIMIT)
        except Absent:
            return 0
        except Unreadable as error:
            self._reading.miss(path, error.reason, error.detail)
            return None
        lines = (line.strip() for line in data.split(b"\n"))
        return sum(1 for line in lines if line and not line.startswith(b"#"))


def _paths(patterns: tuple[str, ...], entry: files.Entry) -> list[str]:
    """Return the key files of an account: `%h`, `%u`, `%U` and `%%` stand in the patterns."""
    home = entry.directory.rstrip("/")
    tokens = {"%h": home, "%u": entry.username, "%U": str(entry.uid), "%%": "%"}
    found = []
    for pattern in patterns:
        pieces = pattern.replace("%%", "\0")
        for token, value in tokens.items():
            pieces = pieces.replace(token, value)
        path = pieces.replace("\0", "%")
        found.append(path if path.startswith("/") else f"{home}/{path}")
    return [path for path in found if path.startswith("/")]


def _administrator(
    entry: files.Entry,
    groups: files.Groups | None,
    rules: sudoers.Sudoers,
    *,
    elsewhere: bool,
) -> bool | None:
    member_of = groups.of(entry.username, entry.gid) if groups is not None else {}
    if entry.uid == 0 or not member_of.keys().isdisjoint(ADMINISTRATORS):
        return True
    if rules.names(entry.username, entry.uid, member_of):
        return True
    return None if groups is None or rules.undecided or elsewhere else False


COLLECTOR = Collector(
    title="Accounts, administrators and the SSH daemon",
    yields=(Account, SshServer),
    reads=(
        files.PASSWD, files.SHADOW, files.GROUP, files.NSSWITCH, sudoers.MAIN, "/etc/sudoers.d/*",
        *sshd.PLACES, "/etc/ssh/sshd_config.d/*", "~/.ssh/authorized_keys",
        "/proc/*/cmdline",
    ),
    collect=_collect,
)  # fmt: skip
