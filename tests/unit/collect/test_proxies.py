"""Every place where a proxy hides; what only a shell or program could tell is a gap."""

from __future__ import annotations

import pytest


def found(records):
    return {(r.subject, r.protocol, r.url) for r in records}


def test_every_kind_of_file_is_read(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/environment": 'http_proxy="http://proxy.corp.example:3128/"\n',
            "/etc/profile.d/p.sh": "if true; then export HTTPS_PROXY='https://p2.example'; fi\n",
            "/etc/apt/apt.conf.d/80proxy": 'Acquire { http::Proxy "http://apt.example:8000"; };\n'
            'Acquire::https::Proxy "DIRECT";\n',
            "/etc/systemd/system/ollama.service": "[Service]\nEnvironment=\n"
            'Environment="HTTPS_PROXY=http://svc.example:1" A=b\n',
            "/etc/default/docker": 'export http_proxy="http://dockerd.example:2/"\n',
            "/etc/docker/daemon.json": '{\n\t"proxies": {"https-proxy": "http://daemon.example:3",'
            '"no-proxy": "*.corp.example,127.0.0.1"}}',
            "/home/alice/.docker/config.json": '{"proxies": {"default": {"httpProxy": '
            '"http://client.example:4"}}, "auths": {"x": {"auth": "c2VjcmV0"}}}',
            "/etc/wgetrc": "https_proxy = http://wget.example:5\nuse_proxy = on\n",
            "/etc/dnf/dnf.conf": "[main]\nproxy=http://dnf.example:6\n",
            "/etc/yum.repos.d/a.repo": "[a]\nproxy=_none_\n",
            "/root/.curlrc": "--proxy socks5://curl.example:7\n",
            "/home/alice/.gitconfig": '[http "https://x.example"]\n\tproxy = http://git.example:8\n',
        }
    )
    records, gaps = collected("proxies", host)
    assert gaps == []
    assert found(records) == {
        ("host", "http", "http://proxy.corp.example:3128"),
        ("host", "https", "https://p2.example"),
        ("apt", "http", "http://apt.example:8000"),
        ("ollama.service", "https", "http://svc.example:1"),
        ("docker", "http", "http://dockerd.example:2"),
        ("docker", "https", "http://daemon.example:3"),
        ("user alice", "http", "http://client.example:4"),
        ("host", "https", "http://wget.example:5"),
        ("host", "all", "http://dnf.example:6"),
        ("user root", "all", "socks5://curl.example:7"),
        ("user alice", "all", "http://git.example:8"),
    }
    daemon = next(r for r in records if r.host == "daemon.example")
    assert daemon.bypass == ("*.corp.example", "127.0.0.1")


@pytest.mark.parametrize(
    "value",
    ["http://user:hunter2@proxy.example:3128/", "user:hunter2@proxy.example:3128",
     "http://u:hun%74er2hunter2@proxy.example:3128?hunter2#hunter2"],
)  # fmt: skip
def test_credentials_are_never_kept(plain_tree, collected, value):
    host = plain_tree({"/etc/environment": f"https_proxy={value.partition('#')[0]}\n"})
    records, gaps = collected("proxies", host)
    assert [(r.host, r.port) for r in records] == [("proxy.example", 3128)]
    assert "hunter2" not in repr((records, gaps))


def test_malformed_values_do_not_leak_into_gaps(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/environment": "https_proxy=http://u:hunter2/@[bad\n",
            "/etc/docker/daemon.json": '{"proxies": "hunter2"',
        }
    )
    records, gaps = collected("proxies", host)
    assert records == []
    assert [(g.kind, g.reason, g.count) for g in gaps] == [("proxy", "malformed", 2)]
    assert "hunter2" not in repr(gaps)


def test_what_only_a_shell_or_a_program_could_tell_is_a_gap(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/profile": "export http_proxy=http://$(hostname):3128\n",
            "/etc/apt/apt.conf": 'Acquire::http::Proxy-Auto-Detect "/usr/bin/find-proxy";\n',
        }
    )
    records, gaps = collected("proxies", host)
    assert records == []
    assert [(g.reason, g.count) for g in gaps] == [("unsupported", 2)]


def test_an_address_that_libraries_read_differently_is_not_guessed(plain_tree, collected):
    host = plain_tree({"/etc/environment": "http_proxy=http://evil.example\\@inside.example\n"})
    records, gaps = collected("proxies", host)
    assert records == []
    assert [g.reason for g in gaps] == ["malformed"]


def test_a_home_that_may_not_be_looked_into_is_one_gap(plain_tree, collected):
    host = plain_tree({"/root/.curlrc": "proxy = http://outside.example\n"})
    _, gaps = collected("proxies", host, refused=["/root", "/home"])
    assert [(g.kind, g.reason) for g in gaps] == [("proxy", "denied")]
    assert gaps[0].count > 1
