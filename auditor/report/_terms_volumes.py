"""Words of volumes and keys: English and Chinese side by side."""

from __future__ import annotations

VOLUME_TERMS: dict[str, tuple[str, str]] = {
    "h.volumes": ("Encrypted volumes", "加密卷"),
    "h.keys": ("Key files", "密钥文件"),
    "col.volume": ("Volume", "卷"),
    "col.slots": ("Unlocked by", "解锁方式"),
    "col.segments": ("Made of", "组成"),
    "col.notes": ("Notes", "备注"),
    "col.key": ("Key", "密钥"),
    "col.form": ("Passphrase", "口令"),
    "col.readers": ("Read by", "可读者"),
    "volume.detached": ("its header is kept elsewhere", "头部存放于他处"),
    "volume.damaged": ("damaged copies of the header: {n}", "头部有 {n} 个副本损坏"),
    "purpose.disk": ("unlocks a volume", "解锁卷"),
    "purpose.tls": ("TLS", "TLS 私钥"),
    "purpose.ssh-host": ("SSH, this host", "SSH 主机密钥"),
    "purpose.ssh-user": ("SSH, an account", "SSH 账户密钥"),
    "form.open": ("none", "无"),
    "form.passphrase": ("yes", "有"),
    "form.untold": ("not told", "未说明"),
    "readers.": ("owner", "仅所有者"),
    "readers.group": ("a group", "某个组"),
    "readers.everyone": ("everyone", "所有人"),
}
VOLUME_KINDS_ZH: dict[str, str] = {
    "luks_header": "LUKS 头部",
    "key_file": "密钥文件",
    "key_protection": "密钥存放保护",
    "memory_dump": "内存转储目标",
}
