"""Where logs, metrics, backups, mail, traps and tunnels are sent."""

from __future__ import annotations

import pytest

from auditor.evidence.channels import OutboundTarget


def found(collected, host, refused=()):
    records, gaps = collected("shippers", host, refused=refused)
    return [r for r in records if isinstance(r, OutboundTarget)], gaps


def told(plain_tree, collected, files):
    records, gaps = found(collected, plain_tree(files))
    assert gaps == []
    return {(r.subject, r.purpose, r.host, r.port, r.encrypted) for r in records}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*.* @192.0.2.1\n", {("192.0.2.1", 0, False)}),
        ("*.* @@log.example:6514\n", {("log.example", 6514, False)}),
        ("*.* @@(o)log.example:6514;Tmpl\n", {("log.example", 6514, False)}),
        ("*.* @[2001:db8::1]:514\n", {("2001:db8::1", 514, False)}),
        ("$ActionSendStreamDriverMode 1\n*.* @@log.example\n", {("log.example", 0, True)}),
        ("$ActionSendStreamDriverMode 1\n*.* @log.example\n", {("log.example", 0, False)}),
        ("#*.* @@no.example\n*.* /var/log/x\n& stop\n", set()),
        ("*.* :omrelp:log.example:2514\n", {("log.example", 2514, False)}),
        ('*.* action(type="omfwd" target="a.example" port="514" protocol="tcp")\n',
         {("a.example", 514, False)}),
        ('action(type="omfwd"\n  target="a.example"\n  StreamDriverMode="1")\n',
         {("a.example", 0, True)}),
        ('action(type="omfwd" target=["a.example", "b.example"])\n',
         {("a.example", 0, False), ("b.example", 0, False)}),
        ('action(type="omrelp" target="a.example" tls="on")\n', {("a.example", 0, True)}),
        ('action(type="omelasticsearch" server="https://e.example:9200")\n',
         {("e.example", 9200, True)}),
        ('action(type="omfwd" template="x")\n', {(None, 0, None)}),
        ('action(type="omfile" file="/var/log/x")\n', set()),
    ],
)  # fmt: skip
def test_rsyslog(plain_tree, collected, text, expected):
    result = told(plain_tree, collected, {"/etc/rsyslog.d/50.conf": text})
    assert {(host, port, secured) for _, _, host, port, secured in result} == expected


def test_files_that_rsyslog_includes_are_read(plain_tree, collected):
    files = {
        "/etc/rsyslog.conf": '$IncludeConfig /srv/log/*.conf\ninclude(file="/srv/one.conf")\n',
        "/srv/log/a.conf": "*.* @@a.example\n",
        "/srv/one.conf": "*.* @@b.example\n$IncludeConfig /etc/rsyslog.conf\n",
    }
    assert {host for _, _, host, _, _ in told(plain_tree, collected, files)} == {
        "a.example",
        "b.example",
    }


def test_syslog_ng(plain_tree, collected):
    text = """
destination d_net { network("a.example" port(6514) transport("tls")); udp("b.example"); };
# destination d_no { tcp("no.example"); };
destination d_web { http(url("https://c.example/in") method("POST")); };
destination d_file { file("/var/log/x"); };
source s_net { network(ip("0.0.0.0") port(514)); };
"""
    assert told(plain_tree, collected, {"/etc/syslog-ng/syslog-ng.conf": text}) == {
        ("syslog-ng", "shipping", "a.example", 6514, True),
        ("syslog-ng", "shipping", "b.example", 0, False),
        ("syslog-ng", "shipping", "c.example", 0, True),
    }


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("/etc/systemd/journal-upload.conf", "[Upload]\nURL=https://j.example:19532\n",
         {("systemd-journald", "shipping", "j.example", 19532, True)}),
        ("/etc/filebeat/filebeat.yml",
         "filebeat.inputs:\n- hosts: [in.example]\noutput.elasticsearch:\n  hosts: ['https://e.example:9200']\n",
         {("filebeat", "shipping", "e.example", 9200, True)}),
        ("/etc/promtail/config.yml", "clients:\n  - url: http://l.example:3100/loki/api/v1/push\n",
         {("promtail", "shipping", "l.example", 3100, False)}),
        ("/etc/vector/vector.yaml", "sources:\n  a: {address: 0.0.0.0:9000}\nsinks:\n  b: {endpoints: [https://v.example]}\n",
         {("vector", "shipping", "v.example", 0, True)}),
        ("/etc/telegraf/telegraf.conf",
         "[[inputs.http]]\nurls=['http://in.example']\n[[outputs.influxdb]]\nurls=['https://t.example:8086']\n",
         {("telegraf", "shipping", "t.example", 8086, True)}),
        ("/etc/otelcol/config.yaml",
         "receivers:\n  otlp: {endpoint: 0.0.0.0:4317}\nexporters:\n  otlp:\n    endpoint: o.example:4317\n",
         {("otelcol", "shipping", "o.example", 4317, None)}),
        ("/etc/datadog-agent/datadog.yaml", "dd_url: https://d.example\n",
         {("datadog-agent", "shipping", "d.example", 0, True)}),
        ("/etc/fluent-bit/fluent-bit.conf",
         "[INPUT]\n  Host in.example\n[OUTPUT]\n  Name forward\n  Host f.example\n",
         {("fluent-bit", "shipping", "f.example", 0, None)}),
        ("/etc/collectd/collectd.conf", '<Plugin network>\n  Server "c.example" "25826"\n</Plugin>\n',
         {("collectd", "shipping", "c.example", 25826, None)}),
        ("/etc/zabbix/zabbix_agentd.conf", "Server=192.0.2.1\nServerActive=z.example:10051\n",
         {("zabbix-agent", "shipping", "z.example", 10051, None)}),
        ("/etc/borgmatic/config.yaml", "repositories:\n  - path: ssh://u@b.example/./r\n",
         {("borgmatic", "backup", "b.example", 0, True)}),
        ("/etc/postfix/main.cf", "relayhost = [smtp.example]:587\n",
         {("postfix", "mail", "smtp.example", 587, None)}),
        ("/etc/postfix/main.cf", "relayhost =\n", {("postfix", "mail", "", 0, None)}),
        ("/etc/postfix/main.cf", "default_transport = error\n", set()),
        ("/etc/exim4/update-exim4.conf.conf",
         "dc_eximconfig_configtype='satellite'\ndc_smarthost='m.example::587'\n",
         {("exim", "mail", "m.example", 587, None)}),
        ("/etc/exim4/update-exim4.conf.conf", "dc_eximconfig_configtype='local'\n", set()),
        ("/etc/msmtprc", "account x\nhost m.example\npassword y\n",
         {("msmtp", "mail", "m.example", 0, None)}),
        ("/etc/snmp/snmpd.conf", "rocommunity secret\ntrap2sink udp:t.example:162 secret\n",
         {("snmpd", "trap", "t.example", 162, None)}),
        ("/etc/openvpn/client.conf", "client\nremote v.example 1194\n;remote no.example\n",
         {("openvpn", "tunnel", "v.example", 1194, True)}),
        ("/etc/frp/frpc.toml", 'serverAddr = "f.example"\nserverPort = 7000\n',
         {("frpc", "tunnel", "f.example", 7000, None)}),
        ("/etc/frp/frpc.ini", "[common]\nserver_addr = f.example\nserver_port = 7000\n",
         {("frpc", "tunnel", "f.example", 7000, None)}),
        ("/usr/lib/NetworkManager/conf.d/20.conf", "[connectivity]\nuri=http://n.example/check\n",
         {("NetworkManager", "connectivity", "n.example", 0, False)}),
    ],
)  # fmt: skip
def test_each_kind_of_settings(plain_tree, collected, path, text, expected):
    assert told(plain_tree, collected, {path: text}) == expected


def test_a_connectivity_check_that_is_switched_off_asks_nobody(plain_tree, collected):
    files = {
        "/usr/lib/NetworkManager/conf.d/20.conf": "[connectivity]\nuri=http://n.example/\n",
        "/etc/NetworkManager/conf.d/90.conf": "[connectivity]\nenabled=false\n",
    }
    assert told(plain_tree, collected, files) == set()


def test_settings_that_are_broken_or_refused_are_a_gap(plain_tree, collected):
    host = plain_tree(
        {"/etc/filebeat/filebeat.yml": "a: [\n", "/etc/rsyslog.conf": "*.* @x.example\n"}
    )
    _, gaps = found(collected, host)
    assert [gap.reason for gap in gaps] == ["malformed"]
    _, gaps = found(collected, host, ["/etc/rsyslog.conf"])
    assert {gap.reason for gap in gaps} == {"malformed", "denied"}
