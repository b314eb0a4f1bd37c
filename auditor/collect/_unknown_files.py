"""Tells of a file that no format knows whether it is named like a model, or is a program."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.collect._reading import Reading
from auditor.evidence.models import VerdictReason
from auditor.evidence.paths import recordable
from auditor.formats import Inspection
from auditor.host import Absent, Unreadable
from auditor.stores import File, Odd, odd
from auditor.stores.code import is_native, is_script

# What software of AI calls its weights, graphs, indexes and objects.
_MODELS = (
    ".bin", ".pt", ".pth", ".pt2", ".pte", ".ckpt", ".pkl", ".pickle", ".p", ".dill",
    ".cloudpickle", ".joblib", ".jbl", ".h5", ".hdf5", ".keras", ".onnx", ".ort", ".safetensors",
    ".gguf", ".ggml", ".ggjt", ".npy", ".npz", ".msgpack", ".model", ".weights", ".engine", ".plan",
    ".trt", ".mar", ".nemo", ".tflite", ".lite", ".pb", ".pbtxt", ".mlmodel", ".mlpackage", ".om",
    ".rknn",
    ".mindir", ".pdmodel", ".pdiparams", ".pdparams", ".caffemodel", ".params", ".t7", ".ubj",
    ".cbm", ".skops", ".faiss", ".index", ".ann", ".llamafile", ".torchscript", ".jit", ".distcp",
    ".nnef", ".tnn", ".ncnn", ".dlc", ".hef", ".xmodel", ".circle", ".ptl", ".rt", ".sav",
)  # fmt: skip
# Texts, pictures and sounds: not opened once more to see whether they are programs.
_PLAIN = (
    ".txt", ".md", ".json", ".jsonl", ".yaml", ".yml", ".csv", ".tsv", ".xml", ".html", ".log",
    ".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".wav", ".mp3", ".flac",
    ".ogg", ".mp4", ".avi", ".mkv", ".pdf", ".lock",
)  # fmt: skip
_EXECUTABLE = 0o111
_MACHO = frozenset(
    bytes.fromhex(magic) for magic in ("feedface", "feedfacf", "cefaedfe", "cffaedfe", "cafebabe")
)
_PROGRAMS = {
    b"\x7fELF": "an ELF program or library",
    b"\0asm": "a WebAssembly module",
    b"dex\n": "an Android program",
    b"MZ\x90\0": "a Windows program or library",
}


def is_named_like_a_model(names: Iterable[str]) -> bool:
    """Return whether one of a file's names has an ending that software of AI gives its models."""
    return any(name.lower().endswith(_MODELS) for name in names)


def unknown_content(size: int) -> Inspection:
    """Return what is to be said of a file that is named like a model and has no known content."""
    if not size:
        reason = VerdictReason(
            rule="empty", verdict="malformed", detail="a file named like a model holds nothing"
        )
    else:
        detail = "named like a model, its content is that of no format that is known"
        reason = VerdictReason(rule="content-unknown", verdict="not-inspectable", detail=detail)
    return Inspection(
        model_format="unknown", role="unknown", verdict=reason.verdict, reasons=(reason,)
    )


def program(reading: Reading, file: File) -> Odd | None:
    """Return that a file is a program by its first bytes, `None` where it is none.

    One that is a script or native code by its name is told by that (`stores.code`).
    """
    if not file.mode & _EXECUTABLE and file.name.lower().endswith(_PLAIN):
        return None
    try:
        head = reading.host.read(file.path, limit=4, head=True)
    except Absent:
        return None  # removed while we looked
    except Unreadable as error:
        reading.miss(recordable(file.path), error.reason, error.detail)
        return None
    what = _PROGRAMS.get(head) or ("a Mach-O program or a Java class" if head in _MACHO else "")
    if head.startswith(b"#!") and not is_script(file.name):
        return odd(file.path, "script", "a script by its first bytes")
    if what and not is_native(file.name):
        return odd(file.path, "native-code", f"{what}, by its first bytes")
    return None
