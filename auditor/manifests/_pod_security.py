"""Reads with what rights a pod's container runs."""

from __future__ import annotations

from auditor.evidence import workload as kinds
from auditor.manifests._pods import Pod
from auditor.manifests._reading import Cursor


def security(pod: Pod, container: Cursor, name: str, *, init: bool) -> kinds.Container:
    """Return a container's record, its security context resolved against the pod's."""
    own = container.mapping("securityContext", "container")
    of_pod = pod.spec.mapping("securityContext", "container")
    capabilities = own.mapping("capabilities", "container") if own else None
    image = container.string("image", "container_image")
    as_root = _runs_as_root(own, of_pod)
    return kinds.Container(
        origin=container.origin,
        workload=pod.workload.label,
        name=name,
        image=image,
        init=init,
        privileged=bool(own and own.flag("privileged", "container")),
        run_as_root=as_root,
        kept_from_root=as_root is False,
        read_only_root=bool(own and own.flag("readOnlyRootFilesystem", "container")),
        added_capabilities=capabilities.texts("add", "container") if capabilities else (),
        pull_policy=container.string("imagePullPolicy", "container") or _pull_policy(image),
    )


def _runs_as_root(own: Cursor | None, of_pod: Cursor | None) -> bool | None:
    """Return what the security contexts say; `None` where the image decides."""
    for context in (own, of_pod):
        user = context.number("runAsUser", "container") if context else None
        if user is not None:
            return user == 0
    for context in (own, of_pod):
        refused = context.flag("runAsNonRoot", "container") if context else None
        if refused is not None:
            return False if refused else None
    return None


def _pull_policy(image: str) -> str:
    """Return Kubernetes' default: `Always` for `:latest` or no tag, else `IfNotPresent`."""
    last = image.rpartition("/")[2]
    mutable = "@" not in last and (":" not in last or last.endswith(":latest"))
    return "Always" if mutable else "IfNotPresent"
