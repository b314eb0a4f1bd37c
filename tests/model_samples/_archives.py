"""Small archives as their libraries write them."""

from __future__ import annotations

import io
import tarfile
import zipfile

STATE_DICT = (
    b"\x80\x02}q\x00X\x01\x00\x00\x00wq\x01ctorch._utils\n_rebuild_tensor_v2\nq\x02((X\x07\x00\x00"
    b"\x00storageq\x03ctorch\nFloatStorage\nq\x04X\x01\x00\x00\x000q\x05X\x03\x00\x00\x00cpuq\x06"
    b"K\x02tq\x07QK\x00K\x02\x85q\x08K\x01\x85q\t\x89ccollections\nOrderedDict\nq\n)Rq\x0btq\x0cRq"
    b"\rs."
)


def zipped(members, method=zipfile.ZIP_STORED, comment=b""):
    """Return a zip archive of `{name: content}` or of `[(name or ZipInfo, content)]`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items() if isinstance(members, dict) else members:
            archive.writestr(name, content)
        archive.comment = comment
    return out.getvalue()


def tarred(members, form=tarfile.PAX_FORMAT):
    """Return a tar archive of `{name: content}` or of `[(name or TarInfo, content)]`."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in members.items() if isinstance(members, dict) else members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def torch_members(pickle=STATE_DICT, storages=None, root="m"):
    """Return the members of a PyTorch archive, in the order that torch writes them."""
    storages = {"0": b"\0" * 8} if storages is None else storages
    members = {f"{root}/data.pkl": pickle, f"{root}/byteorder": b"little"}
    members |= {f"{root}/data/{key}": content for key, content in storages.items()}
    return members | {f"{root}/version": b"3\n", f"{root}/.data/serialization_id": b"1" * 40}
