"""Which time sources the four usual daemons are told to ask."""

from __future__ import annotations

from pathlib import Path


def found(records):
    return [(r.service, r.address, r.explicit) for r in records]


def test_chrony_with_its_folders_and_includes(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/chrony/chrony.conf": "pool time.corp.example iburst\nrefclock PHC /dev/ptp0\n"
            "confdir /etc/chrony/conf.d\nsourcedir /run/none /etc/chrony/sources.d\n"
            "include /etc/chrony/extra*.conf\n! server 203.0.113.1\n",
            "/etc/chrony/conf.d/a.conf": "Server 192.0.2.1\n",
            "/etc/chrony/conf.d/ignored.txt": "server 203.0.113.9\n",
            "/etc/chrony/sources.d/b.sources": "peer 192.0.2.2\n",
            "/etc/chrony/extra1.conf": "server 192.0.2.3\ninclude /etc/chrony/chrony.conf\n",
        }
    )
    records, gaps = collected("time_servers", host)
    assert [address for _, address, _ in found(records)] == [
        "time.corp.example",
        "192.0.2.1",
        "192.0.2.2",
        "192.0.2.3",
    ]
    assert gaps == []


def test_ntpd_and_openntpd(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/ntp.conf": "server -4 ntp.corp.example prefer\nserver 127.127.1.0\n",
            "/etc/openntpd/ntpd.conf": "servers 192.0.2.7\n"
            'constraints from "https://www.outside.example/x"\n',
        }
    )
    assert found(collected("time_servers", host)[0]) == [
        ("ntpd", "ntp.corp.example", True),
        ("openntpd", "192.0.2.7", True),
        ("openntpd", "www.outside.example", True),
    ]


def test_timesyncd_left_alone_uses_the_pool_of_its_makers(plain_tree, collected):
    shipped = {"/etc/systemd/timesyncd.conf": "[Time]\n#NTP=\n#FallbackNTP=a.pool.example b\n"}
    assert found(collected("time_servers", plain_tree(shipped))[0]) == [
        ("systemd-timesyncd", "a.pool.example", False),
        ("systemd-timesyncd", "b", False),
    ]


def test_timesyncd_whose_default_is_not_shown_still_has_one(plain_tree, collected):
    host = plain_tree({"/usr/lib/systemd/systemd-timesyncd": b"\x7fELF"})
    assert found(collected("time_servers", host)[0]) == [("systemd-timesyncd", "", False)]


def test_timesyncd_with_servers_or_an_empty_fallback_has_no_default(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/systemd/timesyncd.conf": "[Time]\n#FallbackNTP=a.pool.example\n",
            "/etc/systemd/timesyncd.conf.d/50.conf": "[Time]\nNTP=192.0.2.1\n",
        }
    )
    assert found(collected("time_servers", host)[0]) == [("systemd-timesyncd", "192.0.2.1", True)]
    host = plain_tree({"/etc/systemd/timesyncd.conf.d/50.conf": "[Time]\nFallbackNTP=\n"})
    assert found(collected("time_servers", host)[0]) == []


def test_a_masked_timesyncd_asks_nobody(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/systemd/timesyncd.conf": "[Time]\n#FallbackNTP=a.pool.example\n",
            "/etc/systemd/system/systemd-timesyncd.service": Path("/dev/null"),
        }
    )
    assert collected("time_servers", host) == ([], [])


def test_a_refused_folder_is_a_gap(plain_tree, collected):
    host = plain_tree({"/etc/chrony/chrony.conf": "confdir /etc/chrony/conf.d\n"})
    _, gaps = collected("time_servers", host, refused=["/etc/chrony/conf.d"])
    assert [(g.kind, g.reason) for g in gaps] == [("time_server", "denied")]


CHRONY = {"/etc/chrony.conf": "server 192.0.2.1 iburst\ninitstepslew 30 198.51.100.1 ntp.example\n"}
DEFAULT = {"/etc/systemd/timesyncd.conf": "[Time]\n#FallbackNTP=a.pool.example\n"}
ENABLED = "/etc/systemd/system/sysinit.target.wants/systemd-timesyncd.service"


def test_the_servers_of_the_first_step_are_asked_too(plain_tree, collected):
    records, _ = collected("time_servers", plain_tree(CHRONY))
    assert [r.address for r in records] == ["192.0.2.1", "198.51.100.1", "ntp.example"]


def test_timesyncd_counts_beside_another_daemon_only_where_it_is_enabled(plain_tree, collected):
    host = plain_tree({**CHRONY, **DEFAULT})
    assert {r.service for r in collected("time_servers", host)[0]} == {"chrony"}
    both = {r.service for r in collected("time_servers", host, refused=[ENABLED])[0]}
    assert both == {"chrony", "systemd-timesyncd"}


def test_an_enabled_timesyncd_asks_its_default_beside_chrony(plain_tree, collected):
    host = plain_tree({**CHRONY, **DEFAULT, ENABLED: Path("/usr/lib/systemd/system/x")})
    services = {r.service for r in collected("time_servers", host)[0]}
    assert services == {"chrony", "systemd-timesyncd"}
