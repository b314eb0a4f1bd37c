"""Own listeners are asked only where the user says so, and only over loopback."""

from __future__ import annotations

import pytest

from auditor.collect import Options
from auditor.collect.endpoints import COLLECTOR
from auditor.evidence import Coverage, Gap
from auditor.evidence.transit import Certificate, TlsEndpoint
from auditor.host import Unreadable
from auditor.probe.words import Answer, Target

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
LINE = (
    "   0: {local} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  0  0 {inode} 1\n"
)
EVERY, LOOP, ONE = "00000000:1F40", "0100007F:22B8", "0900010A:01BB"
SIX = "   0: " + "0" * 32 + ":01BB " + "0" * 32 + ":0000 0A 0:0 00:0 0  0  0 5 1\n"


class Answering:
    """A tree whose listeners answer what a test says; it keeps what was asked."""

    live, uid, privileged, name = True, 0, True, "h"

    def __init__(self, tree, answers):
        self._tree, self._answers, self.asked = tree, answers, []

    def __getattr__(self, name):
        return getattr(self._tree, name)

    def ask_listeners(self, targets):
        self.asked += targets
        if self._answers is None:
            raise Unreadable("loopback", "unsupported", "nobody can be asked")
        return tuple(
            self._answers.get(t, Answer(target=t, speaks=None, reason="no answer in time"))
            for t in targets
        )


@pytest.fixture
def probed(plain_tree):
    def probe(*lines, six="", answers=None, asked=True):
        files = {
            "/proc/net/tcp": HEAD + "".join(lines), "/proc/net/tcp6": HEAD + six,
            "/proc/self/exe": b"\x7fELF\x02\x01",
        }  # fmt: skip
        host = Answering(plain_tree(files), answers)
        facts = list(COLLECTOR.collect(host, Options(probe_loopback=asked)))
        return host.asked, facts

    return probe


def listening(local, inode=7):
    return LINE.format(local=local, state="0A", inode=inode)


def test_without_the_flag_nobody_is_asked_and_nothing_is_told(probed):
    assert probed(listening(EVERY), asked=False) == ([], [])


def test_every_address_is_asked_on_loopback_and_one_of_the_network_is_a_gap(probed):
    target = Target("127.0.0.1", 8000)
    answers = {target: Answer(target=target, speaks="clear")}
    asked, facts = probed(
        listening(EVERY), listening(ONE), LINE.format(local=LOOP, state="01", inode=1), six=SIX,
        answers=answers,
    )  # fmt: skip
    assert asked == [target, Target("::1", 443)]
    ends = {f.label: f for f in facts if isinstance(f, TlsEndpoint)}
    assert ends["0.0.0.0:8000"].speaks == "clear"
    assert ends["0.0.0.0:8000"].asked == "127.0.0.1"
    assert (ends["[::]:443"].speaks, ends["[::]:443"].versions) == (None, None)
    gaps = [f for f in facts if isinstance(f, Gap)]
    assert {(g.kind, g.reason) for g in gaps} == {
        ("tls_endpoint", "unsupported"), ("certificate", "unsupported"),
    }  # fmt: skip
    assert [(c.seen, c.total) for c in facts if isinstance(c, Coverage)] == [(2, 3)]


def test_what_a_listener_shows_is_a_certificate_and_damage_a_gap(probed):
    target = Target("127.0.0.1", 8888)
    answer = Answer(target=target, speaks="tls", versions=("TLSv1.2",), chain=(b"\x30\x03abc",))
    _, facts = probed(listening(LOOP), answers={target: answer})
    (end,) = [f for f in facts if isinstance(f, TlsEndpoint)]
    assert (end.certificates, end.names) == (1, ())
    assert not [f for f in facts if isinstance(f, Certificate)]
    assert {g.reason for g in facts if isinstance(g, Gap)} == {"malformed"}


def test_a_banner_is_shown_without_what_could_harm_or_tell_a_secret(probed):
    target = Target("127.0.0.1", 8888)
    banner = b"\x1b[31m<b>hi</b>\r\n token=hf_abcdefghijklmnopqrst"
    _, facts = probed(
        listening(LOOP), answers={target: Answer(target=target, speaks="clear", banner=banner)}
    )
    (end,) = [f for f in facts if isinstance(f, TlsEndpoint)]
    assert "\x1b" not in end.banner
    assert "hf_" not in end.banner


def test_a_host_where_nobody_can_be_asked_is_a_gap(probed):
    _, facts = probed(listening(LOOP), answers=None)
    assert {(g.kind, g.reason) for g in facts if isinstance(g, Gap)} == {
        ("tls_endpoint", "unsupported"), ("certificate", "unsupported"),
    }  # fmt: skip


def test_a_recording_keeps_the_answers_and_a_plain_tree_has_none(plain_tree, tmp_path):
    from auditor.host.record import RecordingHost
    from auditor.host.tree import TreeHost

    target = Target("127.0.0.1", 8888)
    answer = Answer(target=target, speaks="tls", versions=("TLSv1.3",), chain=(b"\x30\x00",))
    tree = plain_tree(
        {"/proc/net/tcp": HEAD + listening(LOOP), "/proc/self/exe": b"\x7fELF\x02\x01"}
    )
    recorder = RecordingHost(Answering(tree, {target: answer}))
    first = list(COLLECTOR.collect(recorder, Options(probe_loopback=True)))
    recorder.save(tmp_path / "rec", at="2026-01-01T00:00:00Z")
    again = list(COLLECTOR.collect(TreeHost(tmp_path / "rec"), Options(probe_loopback=True)))
    assert [f for f in first if isinstance(f, TlsEndpoint)] == [
        f for f in again if isinstance(f, TlsEndpoint)
    ]
    with pytest.raises(Unreadable, match="no listener was asked"):
        tree.ask_listeners((target,))
