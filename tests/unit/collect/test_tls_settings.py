"""What each service's settings say of how its listeners speak."""

from __future__ import annotations

import pytest

from auditor.collect._apache import switched
from auditor.collect._tls_listeners import is_local, version, weak_ciphers
from auditor.evidence.transit import TlsSetting


@pytest.fixture
def told(plain_tree, collected):
    """Return `tell(files) -> settings by label`; what cannot be read fails the test."""

    def tell(files, *, gaps=()):
        records, missed = collected("tls", plain_tree({"/proc/1/cmdline": b"init\0"} | files))
        expected = {(g.kind, g.reason) for g in missed if g.kind == "tls_setting"}
        assert expected == {("tls_setting", reason) for reason in gaps}
        return {r.label: r for r in records if isinstance(r, TlsSetting)}

    return tell


def test_nginx_with_includes_inheritance_and_a_redirect(told):
    found = told({
        "/etc/nginx/nginx.conf": "user w; # c {\nhttp {\n ssl_protocols TLSv1.2 TLSv1.3;\n"
        " include sites-enabled/*;\n}\n",
        "/etc/nginx/sites-enabled/a": 'server { listen 443 ssl; listen [::]:443 ssl;\n'
        ' server_name "a{b"; ssl_protocols TLSv1 TLSv1.2; ssl_ciphers ALL:RC4-SHA; }',
        "/etc/nginx/sites-enabled/b": "server { listen 80; return 301 https://$host$request_uri; }\n"
        "server { listen 127.0.0.1:8080; } server { listen 443; ssl_protocols TLSv1.3; }",
    })  # fmt: skip
    assert set(found) == {"nginx *:443", "nginx [::]:443", "nginx *:80", "nginx 127.0.0.1:8080"}
    old = found["nginx *:443"]
    assert (old.tls, old.protocols) == (True, ("TLSv1", "TLSv1.2"))
    assert old.weak == ("ALL", "RC4-SHA")
    assert (found["nginx *:80"].tls, found["nginx *:80"].redirects) == (False, True)
    assert found["nginx 127.0.0.1:8080"].loopback is True
    assert found["nginx *:443"].origin.source == "/etc/nginx/sites-enabled/a"


def test_one_of_two_servers_in_clear_on_a_port_is_no_redirect(told):
    found = told({"/etc/nginx/nginx.conf": "http { server { listen 80; return 301 https://x; }"
                  " server { listen 80; server_name api; } server { server_name d; } }"})  # fmt: skip
    assert found["nginx *:80"].redirects is False


def test_a_redirect_of_a_part_is_none_of_the_whole(told):
    found = told({"/etc/nginx/nginx.conf":
                  "http { server { listen 80; location /a { return 301 https://x; } } }"})  # fmt: skip
    assert found["nginx *:80"].redirects is False


@pytest.mark.parametrize("text", ["http { server {", "}", "http { ; }", 'a "b', "a{" * 200])
def test_what_nginx_would_not_take_is_a_gap(told, text):
    assert told({"/etc/nginx/nginx.conf": text}, gaps=["malformed"]) == {}


def test_nginx_files_that_include_one_another_end(told):
    told({"/etc/nginx/nginx.conf": "http { include nginx.conf; }"}, gaps=["limit"])


def test_apache_by_ports_hosts_and_protocol_words(told):
    found = told({
        "/etc/apache2/apache2.conf": "Include ports.conf\nIncludeOptional sites-enabled/*.conf\n",
        "/etc/apache2/ports.conf": "Listen 80\n<IfModule ssl_module>\n Listen 443\n</IfModule>\n",
        "/etc/apache2/sites-enabled/a.conf": "<VirtualHost *:80>\n Redirect permanent / https://a/\n"
        "</VirtualHost>\n<VirtualHost *:443>\n SSLEngine on\n SSLProtocol all -SSLv3\n"
        ' SSLCipherSuite "HIGH:!aNULL"\n</VirtualHost>\n',
    })  # fmt: skip
    assert (found["apache *:80"].tls, found["apache *:80"].redirects) == (False, True)
    assert found["apache *:443"].protocols == ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    assert found["apache *:443"].weak == ()


def test_words_of_sslprotocol():
    assert switched(("-all", "+TLSv1.2")) == ("TLSv1.2",)
    assert switched(("TLSv1.3", "TLSv1.2")) == ("TLSv1.2", "TLSv1.3")
    assert "TLSv1" not in switched(("all", "-TLSv1", "-TLSv1.1"))


def test_haproxy_binds_with_the_global_options(told):
    found = told({
        "/etc/haproxy/haproxy.cfg": "global\n  ssl-default-bind-options ssl-min-ver TLSv1.1\n"
        "frontend a\n  bind :443 ssl crt /etc/haproxy/a.pem # c\n  bind 127.0.0.1:80,:8080\n"
        "  http-request redirect scheme https unless { ssl_fc }\nlisten b\n  bind *:9000\n"
        "frontend c\n bind :8443 ssl crt /x.pem ssl-min-ver TLSv1.2 verify required ca-file /c\n",
    })  # fmt: skip
    assert found["haproxy *:443"].protocols == ("TLSv1.1", "TLSv1.2", "TLSv1.3")
    assert found["haproxy *:8080"].redirects is True
    assert (found["haproxy *:9000"].tls, found["haproxy *:9000"].redirects) == (False, False)
    assert found["haproxy *:8443"].protocols == ("TLSv1.2", "TLSv1.3")
    assert found["haproxy *:8443"].peers_verified is True


def test_a_redirect_under_a_condition_is_none(told):
    found = told({"/etc/haproxy/haproxy.cfg":
                  "frontend a\n bind :80\n redirect scheme https if { path /login }\n"})  # fmt: skip
    assert found["haproxy *:80"].redirects is False


def test_docker_over_tcp_from_file_and_arguments(told):
    found = told({
        "/etc/docker/daemon.json": '{"hosts": ["fd://", "tcp://0.0.0.0:2375"]}',
        "/proc/9/cmdline": b"/usr/bin/dockerd\0-H\0tcp://10.1.0.9:2376\0--tlsverify\0",
    })  # fmt: skip
    assert all(one.control for one in found.values())
    assert (found["docker 10.1.0.9:2376"].tls, found["docker 10.1.0.9:2376"].peers_verified) == (
        True, True,
    )  # fmt: skip


def test_docker_with_tls_but_without_verifying_lets_anybody_command_it(told):
    only = told({"/etc/docker/daemon.json": '{"hosts": ["tcp://:2375"], "tls": true}'})
    assert (only["docker *:2375"].tls, only["docker *:2375"].peers_verified) == (True, False)


def test_etcd_and_kubelet(told):
    found = told({
        "/proc/9/cmdline": b"etcd\0--listen-client-urls=https://10.1.0.9:2379,http://127.0.0.1:2379"
        b"\0--client-cert-auth\0--listen-peer-urls\0http://10.1.0.9:2380\0",
        "/var/lib/kubelet/config.yaml": "authentication:\n  anonymous: {enabled: false}\n"
        "  x509: {clientCAFile: /etc/kubernetes/pki/ca.crt}\ntlsMinVersion: VersionTLS12\n"
        "readOnlyPort: 10255\n",
    })  # fmt: skip
    client = found["etcd client 10.1.0.9:2379"]
    assert (client.tls, client.peers_verified) == (True, True)
    assert found["etcd client 127.0.0.1:2379"].loopback is True
    assert found["etcd peer 10.1.0.9:2380"].tls is False
    assert found["kubelet *:10250"].peers_verified is True
    assert found["kubelet read-only *:10255"].tls is False


def test_a_kubelet_that_says_nothing_lets_anybody_in(told):
    found = told({"/var/lib/kubelet/config.yaml": "kind: KubeletConfiguration\n"})
    assert found["kubelet *:10250"].peers_verified is False


def test_redis_in_clear_and_under_tls(told):
    found = told({"/etc/redis/redis.conf": "bind 127.0.0.1 -::1 10.1.0.9\nport 6379\n"
                  "tls-port 6380\ntls-cert-file /t.crt\n"})  # fmt: skip
    assert found["redis 127.0.0.1:6379"].loopback is True
    assert found["redis [::1]:6379"].loopback is True
    assert (found["redis 10.1.0.9:6379"].loopback, found["redis 10.1.0.9:6379"].tls) == (
        False,
        False,
    )
    assert (found["redis 10.1.0.9:6380"].tls, found["redis 10.1.0.9:6380"].peers_verified) == (
        True, True,
    )  # fmt: skip
    assert "redis *:6379" in told({"/etc/redis/redis.conf": "# nothing\n"})


@pytest.mark.parametrize(
    "hba, tls",
    [("hostssl all all 0.0.0.0/0 scram\n", True), ("host all all 10.0.0.0/8 scram\n", False),
     ("host all all 127.0.0.1/32 scram\nhostssl all all all scram\n", True),
     ("host all all 10.0.0.0/8 reject\n", True), (None, None)],
)  # fmt: skip
def test_postgresql_encrypts_only_where_clear_is_refused(told, hba, tls):
    base = "/etc/postgresql/15/main"
    files = {
        f"{base}/postgresql.conf": f"listen_addresses = '*'\nssl = on # c\nhba_file = '{base}/pg_hba.conf'\n"
    }
    if hba is not None:
        files[f"{base}/pg_hba.conf"] = hba
    found = told(files, gaps=["absent"] if hba is None else [])
    one = found["postgresql *:5432"]
    assert one.tls is tls
    assert one.protocols == (() if tls is False else ("TLSv1.2", "TLSv1.3"))


def test_mosquitto_listener_by_listener(told):
    found = told({"/etc/mosquitto/mosquitto.conf": "listener 1883\nlistener 8883 10.1.0.9\n"
                  "certfile /c.pem\nkeyfile /k.pem\ntls_version tlsv1.1\n"})  # fmt: skip
    assert found["mosquitto *:1883"].tls is False
    assert found["mosquitto 10.1.0.9:8883"].protocols == ("TLSv1.1", "TLSv1.2", "TLSv1.3")
    assert told({"/etc/mosquitto/mosquitto.conf": "allow_anonymous true\n"})[
        "mosquitto default:1883"
    ].loopback is None  # fmt: skip


def test_stores_of_vectors_and_objects(told):
    found = told({
        "/etc/qdrant/config.yaml": "service: {enable_tls: true}\ntls: {cert: /c.pem, key: /k.pem}\n",
        "/etc/milvus/configs/milvus.yaml": "common: {security: {tlsMode: 0}}\n",
        "/etc/elasticsearch/elasticsearch.yml": "network.host: 0.0.0.0\n"
        "xpack.security.http.ssl:\n  enabled: true\n  supported_protocols: [TLSv1.1, TLSv1.2]\n",
        "/etc/default/minio": 'MINIO_OPTS="--certs-dir /minio/certs --address :9000"\n',
        "/minio/certs/public.crt": "", "/minio/certs/private.key": "",
    })  # fmt: skip
    assert found["qdrant *:6333"].tls is True
    assert found["milvus *:19530"].tls is False
    assert found["elasticsearch *:9200"].protocols == ("TLSv1.1", "TLSv1.2")
    assert found["minio *:9000"].tls is True
    assert told({"/etc/default/minio": "MINIO_OPTS=\n"})["minio *:9000"].tls is None


def test_triton_encrypts_grpc_alone(told):
    found = told({"/proc/5/cmdline": b"/opt/tritonserver/bin/tritonserver\0--model-repository=/m\0"
                  b"--grpc-use-ssl=true\0--allow-metrics=false\0"})  # fmt: skip
    assert {label: one.tls for label, one in found.items()} == {
        "triton http *:8000": False, "triton grpc *:8001": True,
    }  # fmt: skip


def test_weak_words_of_the_ssh_daemon(told):
    found = told({"/etc/ssh/sshd_config": "Port 2222\nCiphers +aes128-cbc,3des*\n"
                  "KexAlgorithms curve25519-sha256,diffie-hellman-group1-sha1\n"
                  "MACs -hmac-md5\nPubkeyAcceptedKeyTypes +ssh-rsa\n"})  # fmt: skip
    assert found["sshd *:2222"].weak == (
        "3des-cbc", "aes128-cbc", "diffie-hellman-group1-sha1", "ssh-rsa",
    )  # fmt: skip
    assert told({"/etc/ssh/sshd_config": "UsePAM yes\n"})["sshd *:22"].weak == ()


@pytest.mark.parametrize(
    "line, reason",
    [
        (b"nginx: master process /usr/sbin/nginx -g daemon off;\0", "absent"),
        (b"/usr/bin/redis-server 0.0.0.0:6379\0", "absent"),
        (b"/usr/lib/postgresql/15/bin/postgres\0-D\0/data\0", "absent"),
        (b"/usr/bin/caddy\0run\0", "unsupported"),
        (b"envoy\0-c\0/etc/envoy.yaml\0", "unsupported"),
        (b"/usr/sbin/nginxish\0", None),
    ],
)
def test_a_service_that_runs_with_settings_unread_is_a_gap(told, line, reason):
    assert told({"/proc/8/cmdline": line}, gaps=[reason] if reason else []) == {}


def test_another_file_than_the_usual_one_is_a_gap(told):
    files = {"/etc/nginx/nginx.conf": "http { server { listen 80; } }"}
    told(files | {"/proc/8/cmdline": b"nginx: master process nginx -c /srv/n.conf\0"},
         gaps=["unsupported"])  # fmt: skip
    told(files | {"/proc/8/cmdline": b"nginx: master process nginx -c /etc/nginx/nginx.conf\0"})


@pytest.mark.parametrize(
    "text, weak",
    [("HIGH:!aNULL:!MD5", ()), ("DES-CBC3-SHA:AES256-SHA", ("DES-CBC3-SHA",)),
     ("ALL:!aNULL", ()), ("ALL", ("ALL",)), ("-RC4:!3DES", ()), ("eNULL", ("eNULL",)),
     ("ECDHE-RSA-AES128-GCM-SHA256:EXP-RC4-MD5", ("EXP-RC4-MD5",))],
)  # fmt: skip
def test_weak_words_of_cipher_lists(text, weak):
    assert weak_ciphers(text) == weak


def test_versions_and_addresses_in_their_many_spellings():
    assert [version(v) for v in ("TLSv1", "tls1.1", "VersionTLS12", "1.3", "SSLv3", "x", "")] == [
        "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", "SSLv3", "", "",
    ]  # fmt: skip
    assert [is_local(a) for a in ("*", "", "127.1.2.3", "[::1]", "localhost", "unix", "db.example")] == [
        False, False, True, True, True, True, None,
    ]  # fmt: skip
