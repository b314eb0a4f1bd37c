"""Accounts, administrators and SSH settings, and the ways to think them safer than they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.collect.accounts import COLLECTOR
from auditor.evidence.host import Account, SshServer

PASSWD = (
    "root:x:0:0:root:/root:/bin/bash\n"
    "daemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n"
    "alice:x:1000:1000:,,,:/home/alice:/bin/bash\n"
    "bob:x:1001:1001::/home/bob:\n"
    "toor::0:0::/root:/bin/sh\n"
)
SHADOW = (
    "root:!:19000:0:99999:7:::\n"
    "daemon:*:19000:0:99999:7:::\n"
    "alice:$y$j9T$salt$hash:19000:0:99999:7:::\n"
    "bob::19000:0:99999:7:::\n"
)
GROUP = "root:x:0:\nsudo:x:27:carol\nalice:x:1000:\nbob:x:1001:\nops:x:50:bob\n"
MACHINE = {"/etc/passwd": PASSWD, "/etc/shadow": SHADOW, "/etc/group": GROUP}
SSHD = "/etc/ssh/sshd_config"


@pytest.fixture
def accounts(plain_tree, collected):
    def read(files, **options):
        records, gaps = collected("accounts", plain_tree({**MACHINE, **files}), **options)
        found = {r.username: r for r in records if isinstance(r, Account)}
        return found, [(gap.kind, gap.reason) for gap in gaps]

    return read


@pytest.fixture
def server(plain_tree, collected):
    def read(files, **options):
        if isinstance(files, str):
            files = {SSHD: files}
        records, gaps = collected("accounts", plain_tree({**MACHINE, **files}), **options)
        found = [r for r in records if isinstance(r, SshServer)]
        missed = [gap.reason for gap in gaps if gap.kind == "ssh_server"]
        return (found[0] if found else None), missed

    return read


def test_it_yields_what_it_says():
    assert COLLECTOR.yields == (Account, SshServer)


def test_states_of_passwords_and_never_a_hash(accounts):
    found, gaps = accounts({})
    assert {name: a.password for name, a in found.items()} == {
        "root": "locked", "daemon": "locked", "alice": "set", "bob": "empty", "toor": "empty",
    }  # fmt: skip
    assert "hash" not in repr(found)
    assert gaps == []
    assert [name for name, a in found.items() if a.login] == ["root", "alice", "bob", "toor"]


def test_refused_shadow_is_unknown_and_a_gap(accounts):
    found, gaps = accounts({}, refused=("/etc/shadow",))
    assert found["alice"].password is None
    assert found["toor"].password == "empty"
    assert gaps == [("account", "denied")]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/etc/passwd", "short:x:1\n"),
        ("/etc/passwd", "name:x:one:1::/:/bin/sh\n"),
        ("/etc/passwd", ":x:1:1::/:/bin/sh\n"),
        ("/etc/shadow", "alice\n"),
        ("/etc/group", "g:x:y:\n"),
    ],
)
def test_malformed_lines_are_gaps(accounts, path, line):
    _, gaps = accounts({path: MACHINE[path] + line})
    assert ("account", "malformed") in gaps


def test_accounts_of_nis_and_of_directories_are_gaps(accounts):
    assert ("account", "unsupported") in accounts({"/etc/passwd": PASSWD + "+::::::\n"})[1]
    ldap = {"/etc/nsswitch.conf": "passwd: files ldap [NOTFOUND=return] # comment\n"}
    assert ("account", "unsupported") in accounts(ldap)[1]
    unused = {"/etc/nsswitch.conf": "passwd: files sss systemd\n"}
    assert accounts(unused)[1] == []
    used = {**unused, "/etc/sssd/sssd.conf": "[sssd]\n"}
    assert ("account", "unsupported") in accounts(used)[1]


# Who administers.


def administrators(found):
    return {name for name, a in found.items() if a.administrator}


def test_root_and_the_groups_that_sudo_trusts(accounts):
    group = {"/etc/group": GROUP.replace("carol", "carol,alice")}
    assert administrators(accounts(group)[0]) == {"root", "toor", "alice"}
    primary = {"/etc/group": GROUP.replace("ops:x:50", "wheel:x:1001")}
    assert administrators(accounts(primary)[0]) == {"root", "toor", "bob"}


@pytest.mark.parametrize(
    "rule",
    [
        "bob ALL=(ALL:ALL) ALL",
        "bob ALL = NOPASSWD: /bin/systemctl",
        "alice2 , bob ALL=(ALL) ALL",
        '"bob" ALL=(ALL) ALL',
        "%ops ALL=(ALL) ALL",
        "%#1001 ALL=(ALL) ALL",
        "#1001 ALL=(ALL) ALL",
        "User_Alias OPS = bob, eve\nOPS ALL=(ALL) ALL",
        "OPS ALL=(ALL) ALL\nUser_Alias X = eve : OPS = INNER : INNER = bob",
        "bob \\\n ALL=(ALL) ALL",
        "Defaults env_reset\nbob ALL=(ALL) ALL # why",
    ],
)
def test_rules_of_sudo_that_name_an_account(accounts, rule):
    found, gaps = accounts({"/etc/sudoers": rule + "\n"})
    assert administrators(found) == {"root", "toor", "bob"}
    assert found["alice"].administrator is False
    assert gaps == []


def test_included_rules(accounts):
    files = {
        "/etc/sudoers": "#includedir /etc/sudoers.d\n@include sudoers.local\n@include /gone\n",
        "/etc/sudoers.d/10-bob": "bob ALL=(ALL) ALL\n",
        "/etc/sudoers.d/20-alice.off": "alice ALL=(ALL) ALL\n",
        "/etc/sudoers.d/30-alice~": "alice ALL=(ALL) ALL\n",
        "/etc/sudoers.local": "daemon ALL=(ALL) ALL\n",
    }
    found, gaps = accounts(files)
    assert administrators(found) == {"root", "toor", "bob", "daemon"}
    assert (found["alice"].administrator, gaps) == (False, [])


def test_everybody_with_their_own_password(accounts):
    assert len(administrators(accounts({"/etc/sudoers": "ALL ALL=(ALL) ALL\n"})[0])) == 5
    targetpw = "Defaults targetpw\nALL ALL=(ALL) ALL\n"
    assert administrators(accounts({"/etc/sudoers": targetpw})[0]) == {"root", "toor"}


@pytest.mark.parametrize(
    "refused", ["/etc/sudoers", "/etc/sudoers.d", "/etc/sudoers.d/10-x", "/etc/group"]
)
def test_who_administers_is_unknown_where_a_file_is_refused(accounts, refused):
    files = {"/etc/sudoers": "@includedir /etc/sudoers.d\n", "/etc/sudoers.d/10-x": "#\n"}
    found, gaps = accounts(files, refused=(refused,))
    assert (found["root"].administrator, found["alice"].administrator) == (True, None)
    assert ("account", "denied") in gaps


@pytest.mark.parametrize("rule", ["+netgroup ALL=(ALL) ALL", "%:domain ALL=(ALL) ALL", "nonsense"])
def test_who_administers_is_unknown_where_a_rule_is(accounts, rule):
    assert accounts({"/etc/sudoers": rule + "\n"})[0]["alice"].administrator is None


def test_sudo_includes_itself(accounts):
    _, gaps = accounts({"/etc/sudoers": "@include /etc/sudoers\n"})
    assert ("account", "limit") in gaps


def test_aliases_that_stand_for_each_other_end(accounts):
    rules = "User_Alias A = B, B, bob\nUser_Alias B = A, A\nA ALL=(ALL) ALL\n"
    assert accounts({"/etc/sudoers": rules})[0]["bob"].administrator is True


# Keys.

KEYS = '# comment\n\nssh-ed25519 AAAA alice@desk\nfrom="10.0.0.1" ssh-rsa BBBB\n'


def test_keys_are_counted_and_never_kept(accounts):
    files = {"/home/alice/.ssh/authorized_keys": KEYS, "/home/alice/.ssh/authorized_keys2": KEYS}
    found, gaps = accounts(files)
    assert (found["alice"].authorized_keys, found["bob"].authorized_keys, gaps) == (4, 0, [])
    assert "AAAA" not in repr(found)


def test_refused_homes_are_unknown(accounts):
    found, gaps = accounts({}, refused=("/home/alice/.ssh",))
    assert found["alice"].authorized_keys is None
    assert gaps == [("account", "denied")]


@pytest.mark.parametrize(
    ("config", "keys"),
    [
        ("AuthorizedKeysFile /etc/ssh/keys/%u\n", 2),
        ("AuthorizedKeysFile %h/k%%\n", 2),
        ("AuthorizedKeysFile none\n", 0),
        ("AuthorizedKeysCommand /bin/keys\n", None),
        ("Match User x\n AuthorizedKeysFile /k\n", None),
    ],
)
def test_keys_lie_where_the_daemon_looks(accounts, config, keys):
    files = {SSHD: config, "/etc/ssh/keys/alice": KEYS, "/home/alice/k%": KEYS}
    found, gaps = accounts(files)
    assert found["alice"].authorized_keys == keys
    assert (keys is None) == (("account", "unsupported") in gaps)


# The SSH daemon.


def test_without_a_configuration_there_is_no_record(server):
    assert server({}) == (None, [])


def test_defaults_of_openssh(server):
    found, gaps = server("# nothing set\n")
    assert (found.permit_root_login, found.password_authentication) == ("prohibit-password", True)
    assert (found.permit_empty_passwords, found.x11_forwarding, found.permit_tunnel) == (
        False,
        False,
        "no",
    )
    assert (found.allow_tcp_forwarding, found.gateway_ports, found.ports) == ("yes", "no", (22,))
    assert (found.keyboard_interactive, found.match_blocks, gaps) == (False, 0, [])


def test_the_first_value_wins_and_spelling_varies(server):
    found, _ = server(
        "permitrootlogin = YES\nPermitRootLogin no\nPasswordAuthentication=no # why\n"
        'AllowTcpForwarding "local"\nPort 22\nPort 2222\n'
    )
    assert (found.permit_root_login, found.password_authentication) == ("yes", False)
    assert (found.allow_tcp_forwarding, found.ports) == ("local", (22, 2222))


def test_what_a_match_block_sets_is_no_general_setting(server):
    found, _ = server("Match User backup\n PasswordAuthentication no\n")
    assert (found.password_authentication, found.match_blocks) == (True, 1)


def test_match_all_holds_for_everybody(server):
    found, _ = server("Match User x\nX11Forwarding no\nMatch all\nPermitRootLogin yes\n")
    assert (found.permit_root_login, found.match_blocks) == ("yes", 1)


def test_included_files_in_their_order(server):
    files = {
        SSHD: "Include sshd_config.d/*.conf\nPermitRootLogin no\nX11Forwarding yes\n",
        "/etc/ssh/sshd_config.d/20.conf": "PermitRootLogin prohibit-password\n",
        "/etc/ssh/sshd_config.d/10.conf": "PermitRootLogin yes\nMatch User x\nX11Forwarding no\n",
        "/etc/ssh/sshd_config.d/.05.conf": "PermitRootLogin forced-commands-only\n",
        "/etc/ssh/sshd_config.d/05.off": "PermitRootLogin forced-commands-only\n",
    }
    found, _ = server(files)
    assert (found.permit_root_login, found.x11_forwarding) == ("yes", True)


def test_an_include_within_a_match_block_is_conditional(server):
    files = {SSHD: "Match User x\nInclude /etc/ssh/x\n", "/etc/ssh/x": "PermitRootLogin yes\n"}
    assert server(files)[0].permit_root_login == "prohibit-password"


@pytest.mark.parametrize("refused", ["/etc/ssh/sshd_config.d", "/etc/ssh/sshd_config.d/a.conf"])
def test_after_a_refused_include_nothing_is_sure(server, refused):
    files = {
        SSHD: "X11Forwarding no\nInclude sshd_config.d/*\nPermitRootLogin no\n",
        "/etc/ssh/sshd_config.d/a.conf": "PermitRootLogin yes\n",
    }
    found, gaps = server(files, refused=(refused,))
    assert (found.x11_forwarding, found.permit_root_login) == (False, None)
    assert (found.password_authentication, found.ports) == (None, ())
    assert gaps == ["denied"]


def test_a_refused_configuration_is_a_gap(server):
    assert server("Port 22\n", refused=(SSHD,)) == (None, ["denied"])


def test_passwords_through_pam(server):
    found, _ = server("PasswordAuthentication no\nUsePAM yes\n")
    assert (found.password_authentication, found.keyboard_interactive) == (False, True)
    found, _ = server("UsePAM yes\nChallengeResponseAuthentication no\n")
    assert found.keyboard_interactive is False


def test_disabled_forwarding_outranks_the_rest(server):
    found, _ = server("AllowTcpForwarding yes\nX11Forwarding yes\nDisableForwarding yes\n")
    assert (found.allow_tcp_forwarding, found.x11_forwarding) == ("no", False)


@pytest.mark.parametrize("line", ["PermitRootLogin", "Port many", "Port 99999", 'Banner "x', "!!"])
def test_malformed_settings_are_gaps(server, line):
    assert "malformed" in server(f"{line}\n")[1]


def test_a_value_that_is_neither_yes_nor_no_is_unknown(server):
    assert server("PasswordAuthentication maybe\n")[0].password_authentication is None


def test_a_configuration_that_includes_itself_ends(server):
    found, gaps = server("Include /etc/ssh/sshd_config\nPermitRootLogin no\n")
    assert found.permit_root_login is None
    assert "limit" in gaps


def test_vendor_configuration_of_an_immutable_system(server):
    found, _ = server({"/usr/etc/ssh/sshd_config": "Port 2022\n"})
    assert found.ports == (2022,)


def test_links_are_followed(server):
    found, _ = server({SSHD: Path("../sshd.real"), "/etc/sshd.real": "Port 24\n"})
    assert found.ports == (24,)


def running(*words):
    return {"/proc/9/cmdline": "\0".join(words) + "\0"}


@pytest.mark.parametrize(
    "words",
    [
        ("sshd: /usr/sbin/sshd -D -o PasswordAuthentication=yes [listener] 0 of 10-100 startups",),
        ("sshd: /usr/sbin/sshd -oPermitRootLogin=yes [listener] 0 of 10-100 startups",),
        ("/usr/sbin/sshd", "-D", "-f", "/opt/sshd_config"),
        ("/usr/sbin/sshd", "-Df", "/opt/sshd_config"),
        ("/usr/sbin/dropbear", "-F"),
    ],
)
def test_a_daemon_started_with_options_is_not_told_by_the_file(server, words):
    _, gaps = server({SSHD: "PasswordAuthentication no\n", **running(*words)})
    assert gaps == ["unsupported"]


@pytest.mark.parametrize(
    "words",
    [
        ("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",),
        ("sshd: ops [priv]",),
        ("sshd: ops -o@pts/0",),
        ("/usr/bin/vim", "sshd -o x"),
        ("/usr/sbin/sshd", "-D", "-p", "2022", "-E", "/var/log/foo"),
        ("/usr/sbin/sshd", "-D", "-oCiphers=aes256-gcm@openssh.com", "-oMACs=hmac-sha2-256"),
    ],
)
def test_a_daemon_without_such_options_is(server, words):
    assert server({SSHD: "PasswordAuthentication no\n", **running(*words)})[1] == []


def test_a_daemon_that_runs_without_its_file_is_a_gap(server):
    assert server(running("/usr/sbin/sshd", "-D")) == (None, ["absent"])
