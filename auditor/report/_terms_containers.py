"""Words of containers that run: English and Chinese side by side."""

# Chinese text has its own punctuation.
# ruff: noqa: RUF001
from __future__ import annotations

CONTAINER_TERMS: dict[str, tuple[str, str]] = {
    "h.containers": ("Containers that run", "运行中的容器"),
    "containers.none": (
        "No running container was read; what could not be read stands under the limits.",
        "未读取到运行中的容器；未能读取的内容见局限说明。",
    ),
    "containers.writable": ("writable", "可写"),
    "containers.pinned": ("digest known", "摘要已知"),
    "col.container": ("Container", "容器"),
    "col.rights": ("Rights", "权限"),
    "col.ports": ("Ports led to it", "映射端口"),
    "col.mounts": ("What it sees of the host", "可见的主机内容"),
    "col.cors": ("Web origins let in", "允许的网页来源"),
    "col.tunnel": ("Tunnel from outside", "外部隧道"),
    "right.privileged": ("privileged", "特权"),
    "right.host-network": ("the host's network", "主机网络"),
    "right.host-processes": ("the host's processes", "主机进程"),
    "right.root": ("runs as root", "以 root 运行"),
    "right.unread": ("not read", "未读取"),
    "cors.any": ("any", "任意"),
    "cors.limited": ("named ones", "限定"),
    "cors.untold": ("not known", "未知"),
}
CONTAINER_KINDS_ZH: dict[str, str] = {"running_container": "运行中的容器"}
