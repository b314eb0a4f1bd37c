"""Judges a zip archive as PyTorch reads it: pickles, the storages that they name, and code."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from auditor.evidence.models import Role
from auditor.formats import Context, FormatError, View
from auditor.formats._exported import is_exported, judge_program, weights_in
from auditor.formats._gathered import Gathered
from auditor.formats._json import MOST
from auditor.formats._members import judge_member, within
from auditor.formats._names import shown
from auditor.formats._native import native_code
from auditor.formats._pickle import Storage, examine
from auditor.formats._torch_role import role_of
from auditor.formats._torchscript import judge_source
from auditor.formats._zip import Member
from auditor.formats._zip_members import Shown

# Pickles whose persistent ids name the members of a folder: torch/serialization.py and
# torch/csrc/jit/serialization/import.cpp.
_PICKLES = ("data", "constants", "traced_inputs", "attributes", "bytecode")
_PLAIN = re.compile(
    r"version|byteorder|\.format_version|\.storage_alignment|\.data/(?:serialization_id|version)|"
    r"archive_(?:format|version)|extra/.*|models/.*|data/(?:weights|constants|sample_inputs|"
    r"aotinductor|executorch)/.*|code/.*|mobile_debug_handles\.pkl|xl_model_weights/.*|_info"
)
_WEIGHTS = re.compile(r"data/(?:weights|constants)/[^/]*|tensors/\d+|xl_model_weights/.*")

# How pickles with a call, archives, compressed files and programs begin.
_RIDES = re.compile(
    rb"\x80[\x00-\x05]|PK\x03\x04|\x1f\x8b|BZh|\xfd7zXZ|\x78[\x01\x5e\x9c\xda]|\x5d\0\0|\x7fELF|MZ|"
    rb"[\x20-\x7e\n]{0,80}[ci][A-Za-z_][\w.]*\n|[^\x93]{2,120}\x93.{0,200}R|.{257}ustar",
    re.DOTALL,
)
_RIDES_WITHIN = 512
_FEW_DIGITS = 64


class _Parts(Struct, frozen=True, kw_only=True):
    """The archive as PyTorch sees it: its members by their names below the one folder."""

    members: dict[str, list[Member]]
    shown: Shown
    context: Context
    gathered: Gathered


def torch_root(names: Iterable[str]) -> str | None:
    """Return the folder that holds all of a PyTorch archive, `None` where it is no such archive.

    It is the part of a name before its first `/`, as torch's reader takes it
    (caffe2/serialize/inline_container.cc).
    """
    for name in names:
        root, slash, rest = name.partition("/")
        if slash and rest in ("data.pkl", "constants.pkl", "archive_format", "models/model.json"):
            return root
    return None


def judge_torch(
    root: str, members: Iterable[Member], shown_members: Shown, context: Context,
    gathered: Gathered,
) -> Role:  # fmt: skip
    """Judge every member of a PyTorch archive, and return what the archive is for.

    Raises `FormatError` at the end of the budget.
    """
    below: dict[str, list[Member]] = {}
    outside: list[Member] = []
    for member in members:
        folder, _, rest = member.name.partition("/")
        if folder == root and rest:
            below.setdefault(rest, []).append(member)
        else:
            outside.append(member)
    parts = _Parts(members=below, shown=shown_members, context=context, gathered=gathered)
    gathered.producer = "PyTorch"
    _tell_code(parts)
    done: set[str] = set()
    role = _judge_pickles(parts, done)
    for name, found in below.items():
        if name not in done:
            _judge_rest(name, found, parts)
    for member in outside:
        if not member.name.endswith("/"):
            _extra(member, parts)
    return role


def _judge_pickles(parts: _Parts, done: set[str]) -> Role:
    """Judge the pickles with their storages, and return what the checkpoint is for."""
    role: Role = "weights"
    for stem in _PICKLES:
        for member in parts.members.get(f"{stem}.pkl", ()):
            done.add(f"{stem}.pkl")
            view = parts.shown.of(member)
            if view is None:
                continue
            complete = _judge_pickle(stem, member, view, parts, done)
            role = role_of(view) if stem == "data" else role
            if complete:
                _tell_unreferenced(stem, parts, done)
    return role


def _tell_code(parts: _Parts) -> None:
    """Tell that there is TorchScript: code by design, which a person has to know."""
    code = [name for name in parts.members if name.startswith("code/") and name.endswith(".py")]
    if code or "constants.pkl" in parts.members:
        detail = f"TorchScript: {len(code)} files of code run when the model is loaded or called"
        parts.gathered.tell([parts.context.reason("torchscript-code", "unlisted", detail)])


def _judge_pickle(stem: str, member: Member, view: View, parts: _Parts, done: set[str]) -> bool:
    """Judge a pickle and its storages; return whether it was read to its end."""
    inside = within(parts.context, member.name)
    found = examine(view, inside, torch=True)
    gathered = parts.gathered
    gathered.tell(found.reasons)
    gathered.weigh(found.verdict)
    # TorchScript's classes are the archive's own code, which is told once and for all.
    gathered.name(name for name in found.unlisted if not name.startswith("__torch__."))
    if 0 <= found.end < view.size:
        detail = f"bytes follow the pickle {shown(member.name)}"
        gathered.tell([inside.reason("torch-pickle-tail", "malformed", detail, offset=found.end)])
    if stem == "data":
        gathered.count(found.elements, found.tensors)
    sizes: dict[str, Storage] = {}
    for storage in found.storages:
        first = sizes.setdefault(storage.key, storage)
        if first is not storage:
            if first.bytes != storage.bytes:
                detail = f"the storage {shown(storage.key)} is said to have two sizes"
                reason = inside.reason(
                    "torch-storage-size", "malformed", detail, offset=storage.offset
                )
                gathered.tell([reason])
            continue
        name = f"{stem}/{storage.key}"
        done.add(name)
        _judge_storage(name, storage, parts, inside)
    return found.end >= 0


def _judge_storage(name: str, storage: Storage, parts: _Parts, inside: Context) -> None:
    """Check that a storage is there with as many bytes as its tensors take (CVE-2026-24747)."""
    found = parts.members.get(name, [])
    if not found:
        detail = f"there is no member for the storage {shown(storage.key)}"
        reason = inside.reason("torch-storage-missing", "malformed", detail, offset=storage.offset)
        parts.gathered.tell([reason])
    for member in found:
        entry = member.entry
        # The inputs that a trace was made with are named and, as torch writes it, left out.
        left_out = name.startswith("traced_inputs/") and not entry.size
        if entry.size != storage.bytes and not left_out:
            detail = f"{shown(name)} has {entry.size} bytes, its tensors take {storage.bytes}"
            reason = inside.reason("torch-storage-size", "malformed", detail, offset=storage.offset)
            parts.gathered.tell([reason])
        if entry.method:
            detail = f"{shown(name)} is packed, which torch never does"
            parts.gathered.tell([inside.reason("torch-storage-packed", "malformed", detail)])
        view = parts.shown.of(member)
        if view is not None:
            _sniff(member, view, parts)


def _sniff(member: Member, view: View, parts: _Parts) -> None:
    """Tell what rides in a tensor's bytes, where it is something that runs.

    Torch reads numbers there, whatever they spell: only what begins as a pickle, an archive, a
    compressed file or a program does is looked into. Numbers look like the first bytes of
    something now and then; what is then broken is nothing.
    """
    if not _RIDES.match(view.at(0, _RIDES_WITHIN)):
        return
    found = parts.context.nested(view, shown(member.name))
    if found is None:
        return
    archive = view.at(0, 4) == b"PK\3\4"
    if archive or found.verdict == "dangerous" or (found.verdict == "unlisted" and found.unlisted):
        parts.gathered.add(found)


def _tell_unreferenced(stem: str, parts: _Parts, done: set[str]) -> None:
    for name, found in parts.members.items():
        key = name.removeprefix(f"{stem}/")
        if key == name or "/" in key or name in done:
            continue
        done.add(name)
        detail = f"no tensor takes the storage {shown(name)}"
        parts.gathered.tell([parts.context.reason("torch-storage-extra", "unlisted", detail)])
        for member in found:
            view = parts.shown.of(member)
            if view is not None:
                parts.gathered.add(parts.context.nested(view, shown(name)))


def _judge_rest(name: str, found: list[Member], parts: _Parts) -> None:
    """Judge what is neither a pickle of torch's nor one of its storages."""
    for member in found:
        if name.endswith("/"):
            continue
        if not _PLAIN.fullmatch(name):
            _extra(member, parts)
            continue
        view = parts.shown.of(member)
        if view is None:
            continue
        if _WEIGHTS.fullmatch(name) and not is_exported(name):
            _sniff(member, view, parts)
        elif name.startswith("code/") and name.endswith(".py"):
            inside = within(parts.context, member.name)
            parts.gathered.tell(judge_source(view, inside, parts.gathered.operators))
        elif name == "byteorder":
            _check_order(view, parts)
        else:
            _judge_plain(member, view, parts)


def _judge_plain(member: Member, view: View, parts: _Parts) -> None:
    # Versions, alignments and identifiers: digits alone are nothing that anybody loads.
    if view.size <= _FEW_DIGITS and view.at(0, _FEW_DIGITS).strip().isdigit():
        return
    code = native_code(view)
    if code:
        # AOTInductor's packages: `torch._inductor.aoti_load_package` opens the library at once.
        detail = f"{shown(member.name)} is machine code that runs when it is loaded: {code}"
        parts.gathered.tell([parts.context.reason("torch-native-code", "dangerous", detail)])
    inside = within(parts.context, member.name)
    if is_exported(member.name):
        try:
            raw = view.at(0, MOST + 1)
            parts.gathered.tell(judge_program(raw, inside, parts.gathered.operators))
            if member.name.endswith("/data/weights/model_weights_config.json"):
                weights = weights_in(raw)
                parts.gathered.count(weights, len(weights))
        except FormatError as error:
            if error.rule == "limit-steps":
                raise
            parts.gathered.tell_error(error, inside, "export")
    judge_member(member.name, view, parts.context, parts.gathered)


def _check_order(view: View, parts: _Parts) -> None:
    order = view.at(0, 16)
    if order not in (b"little", b"big"):
        detail = "the byte order is neither little nor big"
        parts.gathered.tell([parts.context.reason("torch-byteorder", "malformed", detail)])


def _extra(member: Member, parts: _Parts) -> None:
    """Tell a member that torch does not know, and judge it."""
    detail = f"{shown(member.name)} is no part of a PyTorch archive"
    parts.gathered.tell([parts.context.reason("torch-member-extra", "unlisted", detail)])
    view = parts.shown.of(member)
    if view is not None:
        judge_member(member.name, view, parts.context, parts.gathered)
