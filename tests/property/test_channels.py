"""Whatever stands in crontabs, logging settings and kernel tables, parsers end, and tell or say so."""

from __future__ import annotations

import os
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.collect._byte_order import ByteOrder
from auditor.collect._calls import MAX_CALLS, calls
from auditor.collect._jobs import table
from auditor.collect._outbound import place_of
from auditor.collect._raw_sockets import raw_sockets
from auditor.collect._reading import Reading
from auditor.collect._shipper_settings import line_shipments
from auditor.collect._syslog import rsyslog_shipments, syslog_ng_shipments
from auditor.collect._unsure import all_of, any_of
from auditor.host import Absent
from auditor.host._withheld_lines import without_secret_lines

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0")) or 60
ORDER: ByteOrder = "little"
bounded = settings(max_examples=EXAMPLES, deadline=None, derandomize=True)

PIECES = st.sampled_from(
    ["curl ", "ssh ", "rsync ", "aws ", "https://a.example/", "$(", "`", ")", "(", "'", '"', "\\",
     "\n", ";", "&&", "|", "${X}", "$X", "@", "@@", "user@h.example:", "action(", 'type="omfwd"',
     'target="', "[", "]", "{", "}", "destination d ", 'network("', "%", "* * * * * ", "#", "\0",
     "\u202e", "é", "-u a:b ", "\t", "=", "//", ":"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=300)
NAMES = st.from_regex(r"[a-z]{1,12}\.example", fullmatch=True)


@bounded
@given(TEXTS)
def test_any_text_is_read_as_shell_and_bounded(text: str) -> None:
    found = list(calls(text))
    assert len(found) <= MAX_CALLS + 1
    for call in found:
        assert call.place.host is None or not set(call.place.host) & set(" \n$`'\"/@")
        assert "\n" not in call.command


@bounded
@given(NAMES, st.sampled_from(["curl -s {}", "bash -c 'curl {}'", 'x="$(wget -qO- {})"',
                               "true && curl {} || false", "if curl {}; then :; fi",
                               "nice -n 5 curl {}", "echo a; curl {} # b"]))  # fmt: skip
def test_a_call_is_found_however_it_is_wrapped(name: str, form: str) -> None:
    found = [call.place.host for call in calls(form.format(f"https://{name}/x"))]
    assert name in found


@bounded
@given(TEXTS)
def test_any_crontab_is_read(text: str) -> None:
    for user in (True, False):
        for job in table(text, "/etc/crontab", "cron", user=user):
            assert job.line > 0
            assert job.text


@bounded
@given(TEXTS)
def test_any_logging_settings_are_read(text: str) -> None:
    found = [
        *rsyslog_shipments(text, "/etc/rsyslog.conf"),
        *syslog_ng_shipments(text, "/etc/syslog-ng/syslog-ng.conf"),
        *line_shipments(text, "/etc/x", "x", r"^\s*host\s+(?P<host>\S{1,500})"),
    ]
    for shipment in found:
        assert shipment.place.host is None or not set(shipment.place.host) & set(" \n$/@")


@bounded
@given(NAMES, st.sampled_from(["*.* @@{}\n", "auth,user.* @{}:514\n", '*.* action(type="omfwd" target="{}")\n',
                               'if ($x == "y") then {{ action(type="omrelp" target="{}") }}\n']), TEXTS)  # fmt: skip
def test_a_target_is_found_after_anything_that_ends_its_line(
    name: str, form: str, before: str
) -> None:
    quiet = re.sub(r"action|[\"\[(]", "", before) + "\n"
    found = [s.place.host for s in rsyslog_shipments(quiet + form.format(name), "/x")]
    assert name in found


@bounded
@given(st.text(max_size=80))
def test_a_place_is_a_host_or_not_told(text: str) -> None:
    place = place_of(text)
    assert place.host is None or place.host


class _Tables:
    """A host that has nothing but tables of one content."""

    uid = 0

    def __init__(self, text: str) -> None:
        self.text = text

    def read(self, path: str, *, limit: int, head: bool = False) -> bytes:
        return self.text.encode("utf-8", "replace")[:limit]

    def stat(self, path: str) -> None:
        raise Absent(path)


@bounded
@given(TEXTS)
def test_any_table_of_raw_sockets_is_told_or_a_gap(text: str) -> None:
    reading = Reading(_Tables(text), "x", "raw_socket")
    found = list(raw_sockets(reading, "/proc/net", ORDER))
    told = [line for line in text.splitlines()[1:] if line.strip()]
    assert found or not told or any(reading.gaps())


@bounded
@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=6))
def test_what_is_not_known_never_decides(answers: list[bool | None]) -> None:
    for join in (any_of, all_of):
        result = join(*answers)
        for instead in (True, False):
            whole = [instead if answer is None else answer for answer in answers]
            if result is not None:
                assert join(*whole) is result


@pytest.mark.parametrize(
    "text",
    ["curl " * 50_000, "$(" * 100_000, "`" * 100_000, '"' * 100_001, "\\\n" * 50_000,
     "action(" * 30_000, "action(" + "a" * 200_000, "destination d {" * 20_000,
     "destination d { network(" + "(" * 100_000, "(" * 200_000, "a" * 250_000, "a=" * 100_000,
     "@" * 100_000, "* * * * * " * 20_000, "x=" + "[" * 100_000, "'curl " * 30_000,
     "sudo " * 50_000, "bash -c '" * 20_000],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_hostile_texts_take_no_time(text: str) -> None:
    started = time.process_time()
    list(calls(text))
    list(table(text, "/x", "x", user=True))
    list(rsyslog_shipments(text, "/x"))
    list(syslog_ng_shipments(text, "/x"))
    without_secret_lines("/etc/cron.d/x", text[:20_000])
    assert time.process_time() - started < 3.0


@pytest.mark.parametrize(
    ("path", "text", "secret"),
    [
        ("/etc/cron.d/a", "1 1 * * * root curl -u report:hunter2 https://a.example\n", "hunter2"),
        ("/usr/local/bin/x", "#!/bin/sh\nmysqldump -phunter2 db\n", "hunter2"),
        ("/etc/msmtprc", "host a.example\npassword hunter2\n", "hunter2"),
        ("/etc/snmp/snmpd.conf", "rocommunity hunter2\ntrapsink a.example hunter2\n", "hunter2"),
        ("/etc/nullmailer/remotes", "a.example smtp --user=x --pass=hunter2\n", "hunter2"),
        ("/etc/openvpn/a.conf", ("remote a.example\n-----BEGIN OpenVPN Static key V1-----\n"
         "hunter2\n-----END OpenVPN Static key V1-----\n"), "hunter2"),
    ],
)  # fmt: skip
def test_a_recording_keeps_where_it_goes_and_not_the_secret(
    path: str, text: str, secret: str
) -> None:
    kept = without_secret_lines(path, text)
    assert secret not in kept
    assert "a.example" in kept or path.startswith("/usr/local")
    assert kept.count("\n") == text.count("\n") or "OpenVPN" in text
