"""Reads the addresses that stand where no other reader looks: in any field of any object."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auditor.catalogues import images
from auditor.evidence.network import RemoteReference
from auditor.evidence.workload import ContainerImage
from auditor.manifests import _addresses, _container, _references
from auditor.manifests._reading import Cursor

# Links for readers, and names that lead in: nothing goes out to them.
_NOT_OUTWARD = frozenset({
    "host", "hosts", "hostname", "hostnames", "domain", "domains", "description", "runbook_url",
    "documentation", "homepage", "icon", "$schema", "status", "externaldocs", "openapiv3schema",
})  # fmt: skip
# Where `host` is whom the pod, the node or the mesh calls.
_CALLS = frozenset({"httpget", "tcpsocket", "destination", "mirror"})
# Annotations that make a controller call somebody; others are notes and links.
_CALLING_NOTES = ("target", "service", "snippet")
# Volume and log drivers of public clouds, and where what they take is kept.
_CLOUD_DRIVERS = {
    "csi.aws.com": "amazonaws.com", "csi.azure.com": "core.windows.net",
    "csi.storage.gke.io": "storage.googleapis.com", "csi.alibabacloud.com": "aliyuncs.com",
    "awslogs": "amazonaws.com", "gcplogs": "googleapis.com",
}  # fmt: skip


def _nowhere(_: Cursor) -> bool:
    return False


def addresses(
    root: Cursor,
    subject: str,
    *,
    passed_over: frozenset[str] = frozenset(),
    read_elsewhere: Callable[[Cursor], bool] = _nowhere,
) -> Iterator[RemoteReference | ContainerImage]:
    """Yield every address, and every image by the name of its registry, below a mapping.

    `passed_over` are keys of the mapping itself that have readers of their own, `read_elsewhere`
    tells the same of any mapping or value below it.
    """
    waiting = [root]
    while waiting:
        here = waiting.pop()
        parent = here.path.rpartition(".")[2].partition("[")[0].lower()
        for key, cursor in here.entries():
            word = key.lower()
            if (here is root and key in passed_over) or read_elsewhere(cursor):
                continue
            if word == "metadata":
                yield from _annotations(cursor, subject)
            elif word == "image":
                yield from _image(cursor, subject)
                waiting.append(cursor)
            elif word == "driver":
                yield from _driver(cursor, subject)
            elif word not in _NOT_OUTWARD or (word == "host" and parent in _CALLS):
                yield from _told(cursor, subject, key)
                waiting.append(cursor)
        for item in here.items():
            if not read_elsewhere(item):
                yield from _told(item, subject, parent)
                waiting.append(item)


def _told(cursor: Cursor, subject: str, key: str) -> Iterator[RemoteReference]:
    text = cursor.text()
    if text:
        yield from _references.references(cursor, subject, key, text)


def _image(cursor: Cursor, subject: str) -> Iterator[ContainerImage]:
    """Yield an image that a custom resource names, in one text or as repository and tag.

    Only one with a registry: `image` is also what machines and virtual disks are made from.
    """
    parts = [cursor.string(key, "container_image") for key in ("registry", "repository", "tag")]
    registry, repository, tag = parts if cursor.is_mapping else ["", cursor.text() or "", ""]
    reference = "/".join(filter(None, (registry, repository))) + (f":{tag}" if tag else "")
    parsed = images.parse(reference)
    if parsed is not None and parsed.registry:
        yield from _container.image(subject, reference, cursor)


def _annotations(metadata: Cursor, subject: str) -> Iterator[RemoteReference]:
    """Yield where annotations make a controller call (`…/auth-url`, `…/mirror-target`)."""
    found = metadata.get("annotations")
    for key, cursor in found.entries() if found else ():
        name = key.rpartition("/")[2].lower()
        calls = name.endswith(_CALLING_NOTES) or _addresses.names_an_address(name)
        if calls and name not in _NOT_OUTWARD:
            yield from _told(cursor, subject, name)


def _driver(cursor: Cursor, subject: str) -> Iterator[RemoteReference]:
    """Yield the public cloud behind a volume's driver."""
    name = cursor.text() or ""
    for suffix, host in _CLOUD_DRIVERS.items():
        if name.endswith(suffix):
            yield RemoteReference(
                origin=cursor.origin,
                subject=subject,
                setting=f"driver {name}",
                url=host,
                host=host,
                port=0,
                purpose="storage",
            )
