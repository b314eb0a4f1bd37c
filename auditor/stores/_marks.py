"""Tells by a few names in a folder which tool keeps it; nothing more is known of these tools."""

from __future__ import annotations

from msgspec import Struct

from auditor.stores._contents import Folder


class _Mark(Struct, frozen=True, kw_only=True):
    """A tool: all `names` lie in the folder, and a name with one of the `suffixes` if any."""

    tool: str
    names: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()


# Chroma, FAISS by LangChain, SavedModel, OpenVINO, Keras: their documentation. The others are
# from memory: a wrong word here is a wrong title, no verdict.
_MARKS = (
    _Mark(tool="chroma", names=("chroma.sqlite3",)),
    _Mark(tool="qdrant", names=("collections", "raft_state.json")),
    _Mark(tool="langchain", names=("index.faiss", "index.pkl")),
    _Mark(tool="lancedb", suffixes=(".lance",)),
    _Mark(tool="milvus", names=("rdb_data",)),
    _Mark(tool="tensorflow", names=("saved_model.pb",)),
    _Mark(tool="paddle", suffixes=(".pdmodel", ".pdiparams")),
    _Mark(tool="mindspore", suffixes=(".mindir",)),
    _Mark(tool="ascend", suffixes=(".om",)),
    _Mark(tool="rknn", suffixes=(".rknn",)),
    _Mark(tool="tensorrt", suffixes=(".engine", ".plan")),
    _Mark(tool="nemo", suffixes=(".nemo",)),
    _Mark(tool="comfyui", names=("checkpoints", "loras", "vae")),
    _Mark(tool="automatic1111", names=("Stable-diffusion",)),
)


def marked(folder: Folder) -> str:
    """Return the tool whose mark a folder bears, `` for none."""
    return next((mark.tool for mark in _MARKS if _bears(folder, mark)), "")


def _bears(folder: Folder, mark: _Mark) -> bool:
    if not folder.holds(*mark.names):
        return False
    if not mark.suffixes:
        return True
    names = (*folder.names(), *folder.folders)
    return any(name.lower().endswith(mark.suffixes) for name in names)
