"""Judgements to render: a leaky host, a sealed one, a locked-down view, manifests, hostile text."""

from __future__ import annotations

import msgspec

from auditor.evidence import (
    ASSUMED_SITE,
    SCHEMA,
    CollectorRun,
    Coverage,
    Evidence,
    Gap,
    Input,
    Origin,
    Record,
    Site,
    Subject,
    Tool,
    kind_of,
)
from auditor.evidence import derived as d
from auditor.evidence import host as h
from auditor.evidence import models as m
from auditor.evidence import network as n
from auditor.evidence import storage as s
from auditor.evidence import workload as w
from auditor.evidence.site import EgressException, Network
from auditor.policy import findings as f
from auditor.report import Judgement

HOSTILE = (
    '"><script>document.title="owned"</script>',
    "'-alert(1)-'<img src=x onerror=document.title='owned'>",
    "javascript:document.title='owned'",
    "evil\u202egpj.exe",
    "zero\u200bwidth\ufeff",
    "bell\x07 escape\x1b[31m nul\x00",
    "</style></script><!--",
    "{{ 7*7 }} {% raw %}",
    "<svg onload=document.title='owned'>",
    "lone \udcff surrogate",
)


def origin(source: str = "/proc/net/tcp", line: int = 0, collector: str = "network") -> Origin:
    return Origin(collector, source, line)


def destination(target: str, **changes: object) -> d.Destination:
    fields: dict[str, object] = {
        "source_kind": "connection", "basis": "configured", "use": "connection",
        "subject": "python3 (pid 4121)", "target": target, "address": "", "port": 443,
        "inside": False, "approved": False, "zone": "", "country": "", "operator": "",
        "operator_country": "", "category": "", "exception": "", "how": (),
        "origin": origin("/proc/net/tcp", 7),
    }  # fmt: skip
    return d.Destination(**(fields | changes))


def store(path: str, encryption: str | None, chain: tuple[str, ...], **changes: object):
    fields: dict[str, object] = {
        "source_kind": "model_store", "path": path, "holds": "models", "mount": "/srv",
        "encryption": encryption, "chain": chain, "cipher": "", "reason": "",
        "origin": origin("/proc/self/mountinfo", 31, "mounts"),
    }  # fmt: skip
    return d.StoreEncryption(**(fields | changes))


def records() -> tuple[Record, ...]:
    system = origin("/etc/os-release", collector="system")
    processes = origin("/proc/4121/cmdline", collector="processes")
    return (
        h.OperatingSystem(name="Debian GNU/Linux", version="12", platform="debian", platform_like=(), arch="x86_64", origin=system),
        h.KernelInfo(version="6.1.0-30-amd64", arguments=("ro", "quiet"), lockdown="none", secure_boot=None, firmware="uefi", tainted=4097, origin=system),
        h.Virtualization(hypervisor="", container="", origin=system),
        h.TimeSynchronization(synchronized=True, services=("chrony",), origin=system),
        h.SshServer(permit_root_login="prohibit-password", password_authentication=True, permit_empty_passwords=False, allow_tcp_forwarding="yes", gateway_ports="no", x11_forwarding=False, permit_tunnel="no", ports=(22,), match_blocks=0, origin=origin("/etc/ssh/sshd_config", 12, "accounts")),
        h.Accelerator(vendor="NVIDIA", model="L40S", device_type="gpu", driver="nvidia", driver_version="565.57.01", address="0000:3b:00.0", origin=origin("/sys/bus/pci/devices", collector="accelerators")),
        h.Accelerator(vendor="NVIDIA", model="L40S", device_type="gpu", driver="nvidia", driver_version="565.57.01", address="0000:5e:00.0", origin=origin("/sys/bus/pci/devices", collector="accelerators")),
        h.Account(username="root", uid=0, gid=0, directory="/root", shell="/bin/bash", login=True, password=None, administrator=True, authorized_keys=2, origin=origin("/etc/passwd", 1, "accounts")),
        h.Account(username="mlops", uid=1000, gid=1000, directory="/home/mlops", shell="/bin/bash", login=True, password=None, administrator=True, authorized_keys=4, origin=origin("/etc/passwd", 31, "accounts")),
        h.AiService(runtime="vllm", title="vLLM", role="model-server", subject="python3 (pid 4121)", workload="pid:4121", source_world="host", image="", arguments=("vllm", "serve", "Qwen/Qwen2.5-7B-Instruct", "--host", "0.0.0.0", "--api-key", "[redacted]", "--trust-remote-code"), environment=None, bind_address="0.0.0.0", port=8000, api_key=True, tls=False, remote_code=True, confidence="high", origin=processes),
        h.AiService(runtime="ollama", title="Ollama", role="model-server", subject="ollama (pid 900)", workload="pid:900", source_world="host", image="", arguments=None, environment=None, bind_address=None, port=11434, api_key=False, tls=None, remote_code=None, confidence="medium", origin=processes),
        n.Interface(interface="eno1", link_type="ethernet", mac="00:00:5e:00:53:01", addresses=("10.20.3.14/16", "2001:db8:20::14/64"), state="up", mtu=1500, driver="ixgbe", physical=True, origin=origin("/sys/class/net/eno1", collector="interfaces")),
        n.Interface(interface="wg0", link_type="wireguard", mac="", addresses=("192.0.2.7/32",), state="unknown", mtu=1420, driver="", physical=False, origin=origin("/sys/class/net/wg0", collector="interfaces")),
        s.ModelStore(path="/srv/models", tool="huggingface", discovered_by="well-known", holds="models", owner=1000, writers="group", files=412, size=1_430_224_117_760, complete=True, origin=origin("/srv/models", collector="model_stores")),
        s.ModelStore(path="/home/mlops/.cache/huggingface", tool="huggingface", discovered_by="well-known", holds="models", owner=1000, writers=None, files=None, size=None, complete=False, origin=origin("/home/mlops", collector="model_stores")),
        m.ModelFile(path="/srv/models/qwen2.5-7b/model-00001-of-00004.safetensors", store="/srv/models", model_format="safetensors", size=3_945_441_440, architecture="Qwen2ForCausalLM", name="Qwen2.5-7B-Instruct", parameters=7_615_616_512, precision="bf16", context_length=32768, tensors=339, license="apache-2.0", base_model="", origin=origin("/srv/models", collector="model_stores")),
        m.ModelFile(path="/srv/models/defect-vit.gguf", store="/srv/models", model_format="gguf", size=88_440_192, architecture="", name="", parameters=None, precision="q8_0", context_length=0, tensors=198, license="", base_model="", origin=origin("/srv/models", collector="model_stores")),
        s.Swap(path="/dev/dm-2", swap_type="partition", size=8_589_934_592, used=0, origin=origin("/proc/swaps", 2, "mounts")),
    )  # fmt: skip


def derived() -> tuple[Record, ...]:
    exposure = {
        "source_kind": "ai_service",
        "runtime": "vllm",
        "title": "vLLM",
        "role": "model-server",
        "protocol": "tcp",
        "published_by": "socket",
        "origin": origin("/proc/net/tcp", 3),
    }
    setting = {
        "source_kind": "ai_service",
        "runtime": "vllm",
        "subject": "python3 (pid 4121)",
        "origin": origin("/proc/4121/environ", collector="processes"),
    }
    return (
        destination("203.0.113.77", address="203.0.113.77", basis="observed", country="US", how=("registered country of the address (RIR)",)),
        destination("203.0.113.77", address="203.0.113.77", basis="observed", subject="python3 (pid 4388)", country="US", how=("registered country of the address (RIR)",)),
        destination("telemetry.vendor.example", use="telemetry", source_kind="service_setting", operator="Vendor telemetry", operator_country="US", how=("operator catalogue: vendor.example",)),
        destination("hub.models.example", use="model-hub", source_kind="model_source", operator="Model hub", operator_country="US", subject="python3 (pid 4121)", how=("default of the runtime",)),
        destination("hub.models.example", use="model-hub", source_kind="model_source", operator="Model hub", operator_country="US", subject="ollama (pid 900)", how=("default of the runtime",)),
        destination("pip public default", use="package-mirror", source_kind="mirror", port=0, subject="pip", how=("nothing is configured",)),
        destination("198.51.100.53", use="resolver", source_kind="dns_resolver", port=53, address="198.51.100.53", subject="this host", country="DE", how=("registered country of the address (RIR)",)),
        destination("ntp.provider.example", use="time", source_kind="time_server", port=123, subject="chrony", inside=False, approved=True, exception="Plant IT, until 2027-03-31", operator="Time provider", operator_country="CN"),
        destination("build-cache", use="storage", source_kind="remote_reference", port=9000, inside=None, approved=None, subject="mlflow (pid 71)", how=("a name without a dot: its search domain decides",)),
        destination("10.20.0.53", use="resolver", source_kind="dns_resolver", port=53, address="10.20.0.53", inside=True, approved=True, zone="plant-core", subject="this host"),
        destination("10.20.7.9", basis="observed", address="10.20.7.9", port=6789, inside=True, approved=True, zone="storage", subject="ceph-client"),
        destination("mirror.corp.example", use="package-mirror", source_kind="mirror", inside=True, approved=True, zone="names", subject="apt"),
        d.ServiceExposure(subject="python3 (pid 4121)", address="0.0.0.0", port=8000, reach="everywhere", api_key=True, tls=False, **exposure),
        d.ServiceExposure(subject="python3 (pid 4121)", address="127.0.0.1", port=8265, reach="loopback", api_key=None, tls=False, **exposure),
        d.ServiceExposure(subject="ollama (pid 900)", address="", port=11434, reach=None, api_key=False, tls=None, **(exposure | {"runtime": "ollama", "title": "Ollama"})),
        d.ServiceSetting(setting="VLLM_NO_USAGE_STATS", effect="telemetry", state="unset", value="", safe_value="1", leaves="usage statistics: model, hardware, arguments", verified=True, **setting),
        d.ServiceSetting(setting="HF_HUB_OFFLINE", effect="fetch", state="unsafe", value="0", safe_value="1", leaves="model names, and files fetched from the hub", verified=True, **setting),
        d.ServiceSetting(setting="DO_NOT_TRACK", effect="telemetry", state="safe", value="1", safe_value="1", leaves="usage statistics", verified=True, **setting),
        d.ServiceSetting(setting="OLLAMA_NOPRUNE", effect="update", state=None, value="", safe_value="1", leaves="", verified=False, **(setting | {"subject": "ollama (pid 900)", "runtime": "ollama"})),
        store("/srv/models", "plaintext", ("ext4 /srv", "linear vg0-srv", "partition nvme0n1p3", "disk nvme0n1"), reason="no layer of the chain encrypts"),
        store("/var/log", "claimed", ("ext4 /var", "crypt luks-var", "disk nvme1n1"), holds="logs", reason="the mapper's name says LUKS; its table needs root"),
        store("/home/mlops/.cache/huggingface", None, (), reason="its mount could not be read"),
        store("/srv/checkpoints", "verified", ("xfs /srv/checkpoints", "crypt luks-ckpt", "disk nvme2n1"), holds="checkpoints", cipher="aes-xts-plain64, 512 bits"),
        store("/tmp", "memory-only", ("tmpfs",), holds="temporary"),
    )  # fmt: skip


def rule(
    rule_id: str, each: str, verdict: str, severity: str = "high", **changes: object
) -> f.AppliedRule:
    pack = {"PER": "perimeter", "ENC": "encryption", "EXP": "exposure", "TEL": "telemetry"}.get(
        rule_id[:3], "host-baseline"
    )
    titles = {
        "PER-CON-001": ("A connection leads outside the perimeter", "存在通向边界之外的连接"),
        "PER-RES-001": ("Names are resolved outside the perimeter", "域名解析发往边界之外"),
        "PER-MIR-001": ("Packages or models are taken from outside", "软件包或模型来自边界之外"),
        "PER-TIM-001": ("Time comes from outside the perimeter", "时间源位于边界之外"),
        "TEL-VLL-001": ("vLLM sends usage statistics", "vLLM 发送使用统计"),
        "ENC-MOD-001": ("A model store is not encrypted at rest", "模型存储未静态加密"),
        "ENC-LOG-001": ("A log folder is not encrypted at rest", "日志目录未静态加密"),
        "ENC-TMP-001": ("Temporary files lie in clear", "临时文件以明文存放"),
        "EXP-API-001": ("A model server listens on every address without TLS", "模型服务在所有地址上以明文监听"),
        "HST-SBT-001": ("Secure Boot is off", "安全启动未启用"),
        "HST-SSH-001": ("SSH takes passwords", "SSH 接受密码"),
        "HST-CLK-001": ("The clock is not synchronised", "时钟未同步"),
    }  # fmt: skip
    en, zh = titles.get(rule_id, (f"Rule {rule_id}", ""))
    counts = {"judged": 1, "passed": 0, "failed": 0, "unknown": 0, "errors": 0, "waived": 0}
    column = {
        "pass": "passed",
        "fail": "failed",
        "unknown": "unknown",
        "error": "errors",
        "waived": "waived",
    }.get(verdict)
    if column:
        counts[column] = 1
    else:
        counts["judged"] = 0
    fields: dict[str, object] = {
        "id": rule_id, "pack": pack, "title": f.Text(en=en, zh=zh), "severity": severity, "each": each,
        "of": (), "require": "object.approved == true", "verdict": verdict,
        "remediation": f.Text(en="Point it at a server of the site, or record an exception with owner and expiry.", zh="改为指向站点自有服务器，或登记例外（责任人与期限）。"),
        "controls": (f.Control(framework="mlps-3", id="8.1.3.1"), f.Control(framework="nist-800-53r5", id="SC-7"), f.Control(framework="iso-27001-2022", id="A.8.20")),
        "reason": "", **counts,
    }  # fmt: skip
    return f.AppliedRule(**(fields | changes))


def finding(
    rule_id: str, subject: str, verdict: str = "fail", severity: str = "high", **changes: object
) -> f.Finding:
    fields: dict[str, object] = {
        "rule": rule_id, "verdict": verdict, "severity": severity, "kind": "destination",
        "subject": subject, "observed": f"{subject} leads outside the perimeter" if verdict == "fail" else "",
        "expected": "a destination of the site", "reason": "" if verdict in ("fail", "pass") else "the owner of the socket could not be read (denied)",
        "origin": origin("/proc/net/tcp", 7), "fingerprint": "0" * 32,
    }  # fmt: skip
    return f.Finding(**(fields | changes))


def rules_and_findings() -> tuple[tuple[f.AppliedRule, ...], tuple[f.Finding, ...]]:
    waiver = f.AppliedWaiver(
        owner="Chen Li",
        approved_by="Works security",
        reason="No GNSS receiver until the spring shutdown.",
        expires="2027-03-31",
    )
    crypt = (
        f.Control(framework="mlps-3", id="8.1.4.8"),
        f.Control(framework="nist-800-53r5", id="SC-28"),
    )
    rules = (
        rule("PER-CON-001", "destination", "fail", "critical", judged=12, failed=2, passed=10),
        rule("PER-RES-001", "destination", "fail", judged=2, passed=1, failed=1),
        rule("PER-MIR-001", "destination", "fail", "medium", judged=5, failed=3, passed=1, unknown=1),
        rule("PER-TIM-001", "destination", "waived", "low"),
        rule("PER-PRX-001", "proxy", "not-applicable", judged=0, reason="no proxy is configured"),
        rule("TEL-VLL-001", "service_setting", "fail", "medium", controls=()),
        rule("ENC-MOD-001", "store_encryption", "fail", "critical", controls=crypt, judged=2, failed=1, unknown=1),
        rule("ENC-LOG-001", "store_encryption", "unknown", controls=crypt),
        rule("ENC-TMP-001", "store_encryption", "pass", "medium", controls=crypt),
        rule("EXP-API-001", "service_exposure", "fail", judged=3, failed=1, unknown=1, passed=1, require="object.reach != 'everywhere' ||\n  object.tls == true"),
        rule("HST-SBT-001", "kernel_info", "error", "medium", controls=()),
        rule("HST-SSH-001", "ssh_server", "fail", "low", controls=()),
        rule("HST-CLK-001", "time_synchronization", "pass", "low", judged=1, passed=1),
    )  # fmt: skip
    outside = "connected to 203.0.113.77:443"
    found = (
        finding("PER-CON-001", "python3 (pid 4121) → 203.0.113.77:443", severity="critical", observed=outside, observed_zh="已连接到 203.0.113.77:443"),
        finding("PER-CON-001", "python3 (pid 4388) → 203.0.113.77:443", severity="critical", observed=outside, observed_zh="已连接到 203.0.113.77:443", origin=origin("/proc/net/tcp", 9)),
        *(finding("PER-CON-001", f"sshd (pid {800 + i}) → 10.20.0.{i}:22", "pass", "critical", observed="") for i in range(10)),
        finding("PER-RES-001", "198.51.100.53 (this host)", observed="this host asks 198.51.100.53", expected="a resolver of the site", origin=origin("/etc/resolv.conf", 2, "resolvers")),
        finding("PER-RES-001", "10.20.0.53 (this host)", "pass", origin=origin("/etc/resolv.conf", 1, "resolvers")),
        finding("PER-MIR-001", "pip: public default", severity="medium", observed="pip takes packages from its public default", origin=origin("/etc/pip.conf", 0, "mirrors")),
        finding("PER-MIR-001", "python3 (pid 4121) → hub.models.example", severity="medium", observed="the model Qwen/Qwen2.5-7B-Instruct is fetched by name from a public hub"),
        finding("PER-MIR-001", "ollama (pid 900) → hub.models.example", severity="medium", observed="models are pulled from the runtime's public default"),
        finding("PER-MIR-001", "mlflow (pid 71) → build-cache:9000", "unknown", "medium", reason="whether build-cache is inside cannot be told"),
        finding("PER-MIR-001", "apt: mirror.corp.example", "pass", "medium"),
        finding("PER-TIM-001", "ntp.provider.example (chrony)", "waived", "low", observed="chrony asks ntp.provider.example", reason="", waiver=waiver, origin=origin("/etc/chrony/chrony.conf", 4, "time_servers")),
        finding("TEL-VLL-001", "VLLM_NO_USAGE_STATS (python3 (pid 4121))", severity="medium", observed="VLLM_NO_USAGE_STATS is unset", expected="VLLM_NO_USAGE_STATS=1", kind="service_setting", origin=origin("/proc/4121/environ", 0, "processes")),
        finding("ENC-MOD-001", "/srv/models (models)", severity="critical", observed="/srv/models lies in clear on ext4 over nvme0n1p3", expected="an encrypted layer below the file system", kind="store_encryption", origin=origin("/proc/self/mountinfo", 31, "mounts")),
        finding("ENC-MOD-001", "/home/mlops/.cache/huggingface (models)", "unknown", "critical", reason="encryption could not be read", kind="store_encryption", expected="", origin=origin("/home/mlops", 0, "model_stores")),
        finding("ENC-LOG-001", "/var/log (logs)", "unknown", reason="encryption is claimed by a name, not proven", kind="store_encryption", origin=origin("/proc/self/mountinfo", 33, "mounts")),
        finding("ENC-TMP-001", "/tmp (temporary)", "pass", "medium", kind="store_encryption"),
        finding("EXP-API-001", "vLLM: python3 (pid 4121) on 0.0.0.0:8000", observed="vLLM listens on every address without TLS", expected="loopback, an inside address, or TLS", kind="service_exposure"),
        finding("EXP-API-001", "Ollama: ollama (pid 900)", "unknown", reason="the owner of the socket could not be read (denied)", kind="service_exposure", count=3),
        finding("EXP-API-001", "vLLM: python3 (pid 4121) on 127.0.0.1:8265", "pass", kind="service_exposure"),
        finding("HST-SBT-001", "kernel 6.1.0-30-amd64", "error", "medium", reason="the condition broke: no such overload", kind="kernel_info", origin=origin("/sys/firmware/efi", 0, "system")),
        finding("HST-SSH-001", "sshd", severity="low", observed="PasswordAuthentication is yes", expected="PasswordAuthentication no", kind="ssh_server", origin=origin("/etc/ssh/sshd_config", 12, "accounts")),
        finding("HST-CLK-001", "chrony", "pass", "low", kind="time_synchronization"),
    )  # fmt: skip
    return rules, found


def packs() -> tuple[f.AppliedPack, ...]:
    named = (
        ("perimeter", "Perimeter", "边界"),
        ("encryption", "Encryption at rest", "静态加密"),
        ("exposure", "Exposure", "暴露面"),
        ("telemetry", "Telemetry", "遥测"),
        ("host-baseline", "Host baseline", "主机基线"),
    )
    return tuple(f.AppliedPack(name=name, version="1.0.0", title=f.Text(en=en, zh=zh), sha256=f"{i}b" * 32) for i, (name, en, zh) in enumerate(named))  # fmt: skip


def evidence(**changes: object) -> Evidence:
    gaps = (
        Gap(kind="process", reason="denied", detail="the environment of another user's process needs root", origin=origin("/proc/*/environ", collector="processes"), count=41),
        Gap(kind="listening_port", reason="denied", detail="the owner of a socket needs root", origin=origin("/proc/*/fd", collector="network"), count=3),
        Gap(kind="block_device", reason="denied", detail="device-mapper tables need root", origin=origin("/dev/mapper/control", collector="block_devices")),
        Gap(kind="kernel_info", reason="absent", detail="no such file", origin=origin("/sys/kernel/security/lockdown", collector="system")),
        Gap(kind="mirror", reason="malformed", detail="line 3: expected a table", origin=origin("/etc/containers/registries.conf", 3, "mirrors")),
    )  # fmt: skip
    kinds = tuple(sorted({kind_of(record) for record in records()}))
    runs = (
        CollectorRun(collector="accounts", title="Accounts and SSH", kinds=("account", "ssh_server"), records=3, gaps=0),
        CollectorRun(collector="network", title="Ports and connections", kinds=("connection", "listening_port"), records=24, gaps=1, coverage=(Coverage(what="sockets with an owner", seen=21, total=24),)),
        CollectorRun(collector="processes", title="Processes and AI services", kinds=("ai_service", "process"), records=187, gaps=1, coverage=(Coverage(what="environments", seen=146, total=187),)),
        CollectorRun(collector="system", title="System", kinds=kinds, records=4, gaps=1),
    )  # fmt: skip
    site = Site(
        name="Plant 3",
        networks=(Network(cidr="10.20.0.0/16", zone="plant-core", description="core network"), Network(cidr="10.20.7.0/24", zone="storage")),
        names=("corp.example",),
        exceptions=(EgressException(destination="ntp.provider.example", port=123, owner="Plant IT", reason="time", expires="2027-03-31"),),
    )  # fmt: skip
    whole = Evidence(
        schema=SCHEMA, tool=Tool(name="sovereignty-auditor", version="0.1.0"), mode="host",
        subject=Subject(name="llm-03.plant.corp.example", host_id="c1d2e3f405162738", uid=1000),
        taken_at="2026-11-24T08:30:00Z", site=site, runs=runs, gaps=gaps, records=records(),
    )  # fmt: skip
    return msgspec.structs.replace(whole, **changes)


def findings(**changes: object) -> f.Findings:
    rules, found = rules_and_findings()
    whole = f.Findings(
        schema=f.SCHEMA, tool_version="0.1.0", evidence_sha256="6f0c3d1e9b5a" * 5 + "c419", judged_at="2026-11-24T08:30:05Z",
        profile="", params=(("accept_declared", "false"),), fail_on="medium", allow_unknown=False,
        packs=packs(), rules=rules, findings=found, unused_waivers=("PER-RES-009 10.9.9.9",),
    )  # fmt: skip
    return msgspec.structs.replace(whole, **changes)


def leaky(language: str = "en") -> Judgement:
    return Judgement(evidence=evidence(), derived=derived(), findings=findings(), language=language)


def assumed(language: str = "en") -> Judgement:
    return Judgement(
        evidence=evidence(site=ASSUMED_SITE),
        derived=derived(),
        findings=findings(),
        language=language,
    )


def sealed(language: str = "en") -> Judgement:
    """Return a host where everything holds and everything could be read, as root."""
    rules = tuple(
        rule(item.id, item.each, "pass", item.severity, controls=item.controls)
        for item in rules_and_findings()[0]
    )
    found = tuple(finding(item.id, "the one subject", "pass", item.severity) for item in rules)
    return Judgement(
        evidence=evidence(
            gaps=(), subject=Subject(name="llm-01.plant.corp.example", uid=0, privileged=True)
        ),
        derived=tuple(
            r
            for r in derived()
            if getattr(r, "inside", False) or getattr(r, "encryption", "") == "verified"
        ),
        findings=findings(rules=rules, findings=found, unused_waivers=()),
        language=language,
    )


def manifests(language: str = "en") -> Judgement:
    place = Origin("kubernetes", "deploy/llm.yaml", 4, 1)
    workload = w.Workload(
        resource="Deployment",
        api_version="apps/v1",
        namespace="ai",
        name="llm",
        path="spec.template.spec",
        containers=1,
        host_network=True,
        host_pid=False,
        service_account_token=True,
        dns_policy="ClusterFirst",
        network_isolated=False,
        labels=("app=llm",),
        origin=place,
    )
    return Judgement(
        evidence=evidence(
            mode="manifests", subject=Subject(name="deploy/"), gaps=(),
            runs=(CollectorRun(collector="kubernetes", title="Kubernetes", kinds=("container", "workload"), records=4, gaps=0),),
            inputs=(Input(path="deploy/llm.yaml", status="judged", documents=3), Input(path="deploy/chart/templates/x.yaml", status="gap", reason="unsupported: Helm template")),
            records=(
                workload,
                w.Container(workload=workload.label, name="server", image="registry.corp.example/vllm:0.6", init=False, privileged=True, run_as_root=None, read_only_root=False, added_capabilities=(), pull_policy="Always", origin=place),
                w.KubernetesService(namespace="ai", name="hub", service_type="ExternalName", external_name="hub.models.example", external_ips=(), source_ranges=(), origin=place),
                w.Ingress(namespace="ai", name="llm", resource="Ingress", hosts=("llm.corp.example",), tls=False, origin=place),
            ),
        ),
        derived=(
            d.NamespaceEgress(source_kind="workload", namespace="ai", workloads=1, ai_workloads=1, default_deny=False, policies=(), origin=place),
            destination("hub.models.example", use="service", source_kind="kubernetes_service", subject="ai/Service/hub", origin=place),
        ),
        findings=findings(
            rules=(rule("PER-SVC-001", "kubernetes_service", "fail"), rule("PER-NSP-001", "namespace_egress", "fail", "medium")),
            findings=(finding("PER-SVC-001", "ai/Service/hub", origin=place), finding("PER-NSP-001", "namespace ai", severity="medium", origin=place)),
            unused_waivers=(),
        ),
        language=language,
    )  # fmt: skip


def many(count: int = 10_000) -> Judgement:
    """Return a judgement with `count` failed findings over 50 rules, no two alike."""
    rules = tuple(
        rule(f"PER-BIG-{i:03}", "destination", "fail", failed=count // 50, judged=count // 50)
        for i in range(50)
    )
    found = tuple(
        finding(
            f"PER-BIG-{i % 50:03}",
            f"process-{i} → 203.0.113.{i % 256}:443",
            origin=origin("/proc/net/tcp", i),
        )
        for i in range(count)
    )
    return msgspec.structs.replace(leaky(), findings=findings(rules=rules, findings=found))


def _fill(kind: object, text: str) -> object:  # noqa: PLR0911 - one return a type
    """Return a value of a msgspec type in which every free string is `text`."""
    info = msgspec.inspect
    if isinstance(kind, info.StrType):
        return text
    if isinstance(kind, info.LiteralType):
        return kind.values[-1]
    if isinstance(kind, info.UnionType):
        return _fill(
            kind.types[0] if not isinstance(kind.types[0], info.NoneType) else kind.types[1], text
        )
    if isinstance(kind, info.VarTupleType):
        return (_fill(kind.item_type, text),)
    if isinstance(kind, info.StructType):
        return kind.cls(**{field.name: _fill(field.type, text) for field in kind.fields})
    if isinstance(kind, info.BoolType):
        return True
    if isinstance(kind, info.IntType):
        return 1
    raise TypeError(f"no filling for {kind!r}")


def filled(struct_type: type, text: str, **changes: object) -> object:
    """Return an instance of a struct type with every free string of it set to `text`."""
    kind = msgspec.inspect.type_info(struct_type)
    fields = {
        field.name: _fill(field.type, text) for field in kind.fields if field.name not in changes
    }
    return struct_type(**(fields | changes))


def hostile(text: str, mode: str = "host", language: str = "en") -> Judgement:
    """Return a judgement in which every string of every record, gap, rule and finding is `text`."""
    from auditor.evidence import COLLECTED, DERIVED

    rules, found = rules_and_findings()
    mean_text = f.Text(en=text, zh=text)
    mean_rules = tuple(
        msgspec.structs.replace(
            item, id=f"{text}{i}", pack=text, title=mean_text, remediation=mean_text, each=text, of=(text,),
            require=text, reason=text, controls=(f.Control(framework=text, id=text),),
        )
        for i, item in enumerate(rules)
    )  # fmt: skip
    names = {item.id: mean.id for item, mean in zip(rules, mean_rules, strict=True)}
    waiver = filled(f.AppliedWaiver, text)
    mean_findings = tuple(
        filled(
            f.Finding, text, rule=names[item.rule], verdict=item.verdict, severity=item.severity,
            waiver=waiver if item.verdict == "waived" else None,
        )
        for item in found
    )  # fmt: skip
    return Judgement(
        evidence=evidence(
            mode=mode, tool=filled(Tool, text), subject=filled(Subject, text), taken_at=text,
            site=filled(Site, text, assumed=False), inputs=(filled(Input, text), filled(Input, text, status="gap")),
            runs=(filled(CollectorRun, text),), gaps=(filled(Gap, text), filled(Gap, text, count=3)),
            records=tuple(filled(kind, text) for kind in COLLECTED.values()),
        ),
        derived=tuple(filled(kind, text) for kind in DERIVED.values()),
        findings=findings(
            tool_version=text, evidence_sha256=text, judged_at=text, profile=text, params=((text, text),),
            packs=(filled(f.AppliedPack, text),), rules=mean_rules, findings=mean_findings, unused_waivers=(text,),
        ),
        language=language,
    )  # fmt: skip


def _unread(record: Record) -> Record:
    """Return a record in which everything that could be unread is."""
    fields = msgspec.inspect.type_info(type(record)).fields
    nullable = {
        field.name: None
        for field in fields
        if isinstance(field.type, msgspec.inspect.UnionType) and field.type.includes_none
    }
    return msgspec.structs.replace(record, **nullable)


def unread(mode: str = "host", language: str = "en") -> Judgement:
    """Return a judgement in which every field that may be unread is `None`."""
    whole = hostile("x", mode, language)
    subject = msgspec.structs.replace(whole.evidence.subject, uid=None, privileged=False)
    return msgspec.structs.replace(
        whole,
        evidence=msgspec.structs.replace(
            whole.evidence,
            subject=subject,
            records=tuple(_unread(r) for r in whole.evidence.records),
        ),
        derived=tuple(_unread(record) for record in whole.derived),
    )


def model_file(path: str, verdict: str | None = "data", **changes: object) -> m.ModelFile:
    fields: dict[str, object] = {
        "path": path, "store": "/srv/models", "model_format": "safetensors", "size": 3_945_441_440,
        "architecture": "Qwen3ForCausalLM", "name": "", "parameters": 8_190_735_360,
        "precision": "BF16", "context_length": 40_960, "tensors": 399, "license": "apache-2.0",
        "base_model": "", "verdict": verdict, "registry": "huggingface.co",
        "repository": "Qwen/Qwen3-8B", "revision": "b968826d9c46dd6066d109eabc6255188de91218",
        "origin": Origin("stores", path),
    }  # fmt: skip
    return m.ModelFile(**(fields | changes))


def model_store(path: str = "/srv/models", **changes: object) -> s.ModelStore:
    fields: dict[str, object] = {
        "path": path, "tool": "huggingface", "discovered_by": "option", "holds": "models",
        "owner": 0, "writers": "", "files": 412, "size": 1_430_224_117_760, "complete": True,
        "origin": Origin("stores", path),
    }  # fmt: skip
    return s.ModelStore(**(fields | changes))


def anomaly(path: str, kind: str, detail: str) -> m.StoreAnomaly:
    return m.StoreAnomaly(
        store="/srv/models", path=path, anomaly=kind, detail=detail, origin=Origin("stores", path)
    )


def reason(rule_name: str, verdict: str, detail: str, **changes: object) -> m.VerdictReason:
    return m.VerdictReason(rule=rule_name, verdict=verdict, detail=detail, **changes)


def leaky_models() -> tuple[Record, ...]:
    """Return the records of a store in which a file of every verdict lies."""
    yolo = "ultralytics.nn.tasks.DetectionModel"
    return (
        model_store(writers="group"),
        model_store("/home/mlops/.cache/huggingface/hub", files=None, size=None, writers=None, complete=False),
        model_file("/srv/models/qwen3-8b/model-00001-of-00002.safetensors", digests=("sha256:" + "a" * 64,), name_digest="matches"),
        model_file("/srv/models/qwen3-8b/model-00002-of-00002.safetensors", digests=("sha256:" + "b" * 64,), name_digest="differs"),
        model_file("/srv/models/defect/reward.pkl", "dangerous", model_format="pickle", size=214, architecture="", parameters=None, precision="", tensors=0, context_length=0, license="", registry="", repository="", revision="", reasons=(reason("pickle-global-dangerous", "dangerous", "os.system is called when it is loaded", offset=42, global_name="os.system"), reason("pickle-tail", "malformed", "172 bytes follow the end", offset=61))),
        model_file("/srv/models/defect/yolo.pt", "unlisted", model_format="pytorch", size=6_549_796, architecture="", parameters=3_157_200, precision="F32", registry="", repository="", revision="", license="agpl-3.0", unlisted=(yolo,), reasons=(reason("pickle-global-unlisted", "unlisted", "no table holds it", member="yolo.pt!archive/data.pkl", offset=26, global_name=yolo),)),
        model_file("/srv/models/defect/bad.pt", "malformed", model_format="pytorch", registry="", repository="", reasons=(reason("zip-name-differs", "malformed", "the local name of a member is not the central one", offset=0),)),
        model_file("/srv/models/defect/line3.plan", "not-inspectable", model_format="tensorrt", role="engine", parameters=None, precision="", license="", registry="", repository="", reasons=(reason("tensorrt-opaque", "not-inspectable", "an engine holds machine code that nobody can look into"),)),
        model_file("/srv/models/defect/locked.bin", None, model_format="unknown", role="unknown", parameters=None, precision="", license="", registry="", repository=""),
        model_file("/srv/models/defect/legacy.joblib", "framework", model_format="joblib", parameters=None, precision="", registry="internal.plant.example", repository="vision/legacy"),
        anomaly("/srv/models/qwen3-8b/modeling_custom.py", "script", "a script by its name"),
        anomaly("/srv/models/qwen3-8b/latest", "link-escaping", "it leads to /home/mlops/x.safetensors"),
    )  # fmt: skip


def sealed_models() -> tuple[Record, ...]:
    """Return the records of a store in which all is well."""
    return (
        model_store(),
        model_file("/srv/models/qwen3-8b/model.safetensors", digests=("sha256:" + "a" * 64,), name_digest="matches"),
        model_file("/srv/models/qwen3-8b/qwen3-8b-q4_k_m.gguf", model_format="gguf", precision="Q4_K"),
    )  # fmt: skip


def of_models(found: tuple[Record, ...], language: str, **changes: object) -> Judgement:
    """Return the judgement of model stores, as the shipped rules judge them."""
    from auditor import api

    kinds = ("model_file", "model_store", "store_anomaly")
    whole = evidence(
        mode="models", subject=Subject(name="/srv/models", uid=1000), gaps=(), records=found,
        runs=(CollectorRun(collector="stores", title="Model stores", kinds=kinds, records=len(found), gaps=0),),
    )  # fmt: skip
    return api.evaluate(
        msgspec.structs.replace(whole, **changes),
        api.Criteria(packs=("models",)),
        language=language,
    )


def models(language: str = "en") -> Judgement:
    gap = Gap(kind="model_file", reason="denied", detail="permission denied", origin=Origin("stores", "/srv/models/defect/locked.bin"))  # fmt: skip
    return of_models(leaky_models(), language, gaps=(gap,))


def sound_models(language: str = "en") -> Judgement:
    return of_models(sealed_models(), language)
