"""Class 10: pickles inside what a pickle, an array file or a joblib file holds."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib
from collections.abc import Iterator

from tests.corpus import _ops as op
from tests.corpus._archives import plain_zip, torch_zip
from tests.corpus._case import Case, slug
from tests.corpus._ops import Raw, attack, call, stream

LOADERS = (
    ("torch.storage", "_load_from_bytes"), ("pickle", "loads"), ("_pickle", "loads"), ("_pickle", "load"),
    ("pickle", "Unpickler"), ("cloudpickle", "loads"), ("dill", "loads"), ("dill._dill", "loads"),
    ("joblib", "load"), ("joblib.numpy_pickle", "load"), ("numpy", "load"), ("numpy.lib.npyio", "load"),
    ("numpy.lib._npyio_impl", "load"), ("numpy.lib.format", "read_array"), ("pandas", "read_pickle"),
    ("pandas.io.pickle", "read_pickle"), ("torch", "load"), ("torch.jit", "load"), ("torch.package", "PackageImporter"),
    ("torch.serialization", "_legacy_load"), ("torch.multiprocessing.reductions", "rebuild_storage_fd"),
    ("multiprocessing.reduction", "ForkingPickler.loads"), ("xmlrpc.client", "loads"), ("sklearn.externals.joblib", "load"),
    ("numpy.core.multiarray", "fromstring"), ("torch._utils", "_import_dotted_name"), ("shelve", "Shelf"),
    ("skops.io", "load"), ("keras.models", "load_model"), ("mlflow.pyfunc", "load_model"),
    ("sentence_transformers.util", "import_from_string"),
)  # fmt: skip


def npy(header: str, body: bytes, version: int = 1) -> bytes:
    raw = header.encode() + b" " * (-(len(header) + (11 if version == 1 else 13)) % 64) + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(raw))
    return b"\x93NUMPY" + bytes([version, 0]) + length + raw + body


OBJECTS = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
FLOATS = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
RECORDS = "{'descr': [('a', '<f4'), ('b', '|O')], 'fortran_order': False, 'shape': (1,), }"


def _arrays() -> Iterator[tuple[str, bytes, str]]:
    objects = npy(OBJECTS, attack())
    yield "npy_of_objects", objects, "an array of objects is a pickle"
    yield "npy_version_2_of_objects", npy(OBJECTS, attack(), 2), "an array of objects is a pickle"
    yield "npy_version_3_of_objects", npy(OBJECTS, attack(), 3), "an array of objects is a pickle"
    yield (
        "npy_of_records_with_an_object",
        npy(RECORDS, attack()),
        "one field of a record is an object",
    )
    yield (
        "npy_header_with_a_call",
        npy("__import__('os').system('echo inert')", b""),
        "evaluated by old readers",
    )
    yield (
        "npy_header_with_lambda",
        npy("{'descr': (lambda: 0)(), 'shape': ()}", b""),
        "evaluated by old readers",
    )
    yield "npy_with_a_tail", npy(FLOATS, b"\0" * 8 + attack()), "a pickle behind the array"
    yield (
        "npy_of_huge_shape",
        npy(FLOATS.replace("2,", "2**70,"), b""),
        "a shape that is no literal",
    )
    yield (
        "npy_cut_short",
        npy(FLOATS.replace("2,", "1000000000000,"), b"\0" * 8),
        "a shape larger than the file",
    )
    yield "npy_negative_shape", npy(FLOATS.replace("2,", "-2,"), b"\0" * 8), "a negative shape"
    yield "npy_deep_header", npy("(" * 5000 + ")" * 5000, b""), "a literal that is too deep"
    yield "npz_of_objects", plain_zip({"a.npy": objects}), "an array of objects in an archive"
    yield (
        "npz_compressed_of_objects",
        plain_zip({"a.npy": objects}, 8),
        "an array of objects, compressed",
    )
    yield (
        "npz_with_a_bare_pickle",
        plain_zip({"a.npy": npy(FLOATS, b"\0" * 8), "b.pkl": attack()}),
        "a pickle beside arrays",
    )
    yield (
        "npz_member_without_suffix",
        plain_zip({"a.npy": npy(FLOATS, b"\0" * 8), "b": attack()}),
        "numpy unpickles what is no array",
    )
    yield (
        "npz_in_npz",
        plain_zip({"a.npy": plain_zip({"b.npy": objects})}),
        "an archive in an archive",
    )


def kind_of(dtype: str) -> Raw:
    return call("numpy", "dtype", (dtype, False, True), 4)


def wrapper(dtype: Raw | str, body: bytes, tail: bytes = b"", **state: object) -> bytes:
    """Return a joblib pickle of one array whose bytes lie in the stream."""
    made = op.newobj("joblib.numpy_pickle", "NumpyArrayWrapper", (), 4)
    kind = dtype if isinstance(dtype, Raw) else kind_of(dtype)
    whole = {
        "subclass": Raw(op.named("numpy", "ndarray", 4)), "shape": (1,), "order": "C", "dtype": kind,
        "allow_mmap": False, "numpy_array_alignment_bytes": 16, **state,
    }  # fmt: skip
    told = {key: item for key, item in whole.items() if item != "absent"}
    return op.proto(4) + op.built(made, told, 4) + body + tail + b"."


def _misread() -> Iterator[tuple[str, bytes, str]]:
    """Arrays that are shorter than they seem: what is skipped as numbers is loaded as opcodes."""
    hidden = b"0" + op.system(4) + b"."
    padded = b"\x60\0\0\0" + hidden.ljust(200, b"i")
    yield (
        "joblib_no_padding",
        wrapper("f4", padded, numpy_array_alignment_bytes="absent"),
        "no padding is told",
    )
    yield (
        "joblib_padding_is_none",
        wrapper("f4", padded, numpy_array_alignment_bytes=None),
        "no padding is told",
    )
    zero = b"\0" + b"\0" * 4 + hidden
    yield (
        "joblib_padding_is_zero",
        wrapper("f4", zero, numpy_array_alignment_bytes=0),
        "padding of nothing",
    )
    body = b"\0" + hidden.ljust(400, b"i")
    yield (
        "joblib_shape_overflows",
        wrapper("f4", body, shape=(2**32, 2**32)),
        "the count is 0 in 64 bits",
    )
    yield (
        "joblib_shape_wraps_to_one",
        wrapper("f4", b"\0\0\0\0\0" + hidden.ljust(400, b"i"), shape=(2**63 - 1, 2**63 - 1)),
        "the count is 1 in 64 bits",
    )
    yield "joblib_shape_negative", wrapper("f4", body, shape=(-4,)), "a count below zero"
    yield (
        "joblib_shape_two_negatives",
        wrapper("f4", b"\0" + b"\0" * 16 + hidden, shape=(-2, -2)),
        "a count of two lies",
    )
    yield (
        "joblib_shape_empty",
        wrapper("f4", b"\0" + b"\0" * 4 + hidden, shape=()),
        "one number, no axis",
    )
    yield "joblib_shape_with_zero", wrapper("f4", body, shape=(100, 0)), "no number at all"
    yield "joblib_shape_of_text", wrapper("f4", body, shape=("4",)), "a shape that is no number"
    yield (
        "joblib_shape_of_booleans",
        wrapper("f4", b"\0" + b"\0" * 4 + hidden, shape=(True,)),
        "a shape of True",
    )
    yield (
        "joblib_shape_of_a_list",
        wrapper("f4", b"\0" + b"\0" * 4 + hidden, shape=[1]),
        "a shape that is a list",
    )
    void = Raw(kind_of("V200") + op.value((3, "|", None, None, None, 4, 1, 0), 4) + op.BUILD)
    yield (
        "joblib_size_by_state",
        wrapper(void, b"\0" + b"\0" * 4 + hidden.ljust(396, b"i")),
        "the type's size is set by BUILD",
    )
    yield "joblib_type_of_no_size", wrapper("V0", body, shape=(300,)), "a type without a size"
    yield (
        "joblib_type_is_text",
        wrapper(Raw(op.value("f4", 4)), b"\0" + b"\0" * 4 + hidden),
        "text as the type",
    )
    yield (
        "joblib_type_of_an_alias",
        wrapper("c", b"\0" + b"\0" + hidden.ljust(400, b"i"), shape=(1,)),
        "one byte, not eight",
    )
    sub = Raw(call("numpy", "dtype", (("f4", (50,)), False, True), 4))
    yield (
        "joblib_type_with_a_shape",
        wrapper(sub, b"\0" + b"\0" * 200 + hidden),
        "a type with a shape of its own",
    )
    made = op.newobj("joblib.numpy_pickle", "NumpyArrayWrapper", (), 4)
    first = op.value(
        {
            "shape": (100,),
            "dtype": kind_of("f4"),
            "order": "C",
            "subclass": Raw(op.named("numpy", "ndarray", 4)),
        },
        4,
    )
    again = first[:-1] + op.value("shape", 4) + op.value((1,), 4) + first[-1:]
    yield (
        "joblib_shape_told_twice",
        op.proto(4) + made + again + op.BUILD + b"\0" * 4 + hidden.ljust(396, b"i"),
        "the last shape counts",
    )
    alone = op.proto(4) + made + b"0" + op.system(4) + b"."
    yield "joblib_wrapper_without_build", alone, "no BUILD, so no array"
    named = op.newobj("joblib.numpy_pickle_compat", "NDArrayWrapper", (), 4)
    yield (
        "joblib_old_wrapper_climbs",
        stream(op.built(named, {"filename": "../../etc/inert.npy", "subclass": None}, 4), 4),
        "another file is loaded",
    )
    zipped = op.newobj("joblib.numpy_pickle_compat", "ZNDArrayWrapper", (), 4)
    yield (
        "joblib_old_compressed_wrapper",
        stream(op.built(zipped, {"filename": "inert.z", "init_args": (), "state": ()}, 4), 4),
        "another file is loaded",
    )


def _two_readings() -> Iterator[tuple[str, bytes, str]]:
    """Arrays to joblib, opcodes to `pickle.load`, which knows of no arrays between opcodes."""
    hidden = op.system(4) + b"."
    padding = b"0" + hidden.ljust(ord("0"), b"\xff")
    yield (
        "joblib_call_in_the_padding",
        wrapper("f4", padding + b"\0" * 4),
        "padding of 48 bytes, or POP",
    )
    marked = b"(" + (b"1" + hidden).ljust(ord("("), b"\xff")
    yield (
        "joblib_call_in_the_padding_behind_a_mark",
        wrapper("f4", marked + b"\0" * 4),
        "padding of 40 bytes, or MARK",
    )
    numbers = (b"0" + hidden).ljust(400, b"i")
    for label, told in (("not_told", "absent"), ("none", None)):
        data = wrapper("f4", numbers, shape=(100,), numpy_array_alignment_bytes=told)
        yield f"joblib_call_in_the_numbers_padding_{label}", data, "numbers, or a call"
    text = Raw(kind_of("S400"))
    data = wrapper(text, numbers, numpy_array_alignment_bytes=None)
    yield "joblib_call_in_the_text_of_an_array", data, "text, or a call"


def _joblib() -> Iterator[tuple[str, bytes, str]]:
    yield "joblib_array_of_objects", wrapper("O8", attack()), "a pickle in the stream"
    floats = wrapper("f4", b"\x07" + b"\0" * 7 + b"\0" * 4, op.POP + op.system(4))
    yield "joblib_call_behind_an_array", floats, "a call behind the array's own bytes"
    yield (
        "joblib_padding_past_the_end",
        wrapper("f4", b"\xff" + b"\0" * 8),
        "padding longer than the file",
    )
    packers = {
        "zlib": zlib.compress, "gzip": lambda raw: gzip.compress(raw, mtime=0), "bz2": bz2.compress,
        "xz": lzma.compress, "lzma": lambda raw: lzma.compress(raw, lzma.FORMAT_ALONE),
    }  # fmt: skip
    for name, pack in packers.items():
        yield f"joblib_{name}", pack(attack(4)), f"a pickle inside {name}"
        yield (
            f"joblib_{name}_of_objects",
            pack(wrapper("O8", attack())),
            f"an array of objects in {name}",
        )
        yield f"{name}_cut_short", pack(attack(4) + b"\0" * 4000)[:-6], f"{name} that breaks off"
        yield f"{name}_with_a_tail", pack(op.stream(b"N")) + attack(), f"a pickle behind {name}"
        yield f"{name}_twice", pack(pack(attack())), f"{name} in {name}"
    yield (
        "zlib_after_a_member",
        zlib.compress(stream(b"N")) + zlib.compress(attack()),
        "two streams",
    )
    members = gzip.compress(stream(b"N"), mtime=0) + gzip.compress(attack(), mtime=0)
    yield "gzip_second_member", members, "two members of gzip"
    bomb = gzip.compress(b"\x80\x02" + b"N0" * 3_000_000 + op.system() + b".", mtime=0)
    yield "gzip_of_six_million_opcodes", bomb, "a call behind very many opcodes"
    yield (
        "lz4_frame",
        bytes.fromhex("04224d18") + b"\x40\x40\xc0" + attack(),
        "a packer that is not built in",
    )
    yield (
        "zstandard_frame",
        bytes.fromhex("28b52ffd") + b"\x20" + attack(),
        "a packer that is not built in",
    )
    yield "lzo_or_z_file", b"ZF0x1a" + b" " * 14 + zlib.compress(attack()), "joblib before 0.10"
    yield "unix_compress", b"\x1f\x9d\x90" + attack(), "a packer that is not built in"


def cases() -> Iterator[Case]:
    for module, name in LOADERS:
        inner = attack()
        data = stream(call(module, name, (inner,), 4), 4)
        why = "a loader is called with another pickle"
        yield Case(f"loader_{slug(module)}_{slug(name)}", data, "10", "nested pickle", why)
    deep = attack()
    for _ in range(3):
        deep = stream(call("torch.storage", "_load_from_bytes", (deep,), 2))
    yield Case(
        "load_from_bytes_four_deep", deep, "10", "nested pickle", "four pickles in each other"
    )
    within = torch_zip(
        stream(call("torch.storage", "_load_from_bytes", (torch_zip(attack()),), 3), 3)
    )
    yield Case("load_from_bytes_of_a_zip", within, "10", "nested pickle", "an archive in a literal")
    dropped = stream(call("torch.storage", "_load_from_bytes", (attack(),), 3) + b"0N", 3)
    yield Case(
        "load_from_bytes_dropped", dropped, "10", "nested pickle", "its result is thrown away"
    )
    computed = op.call("_codecs", "encode", (attack().decode("latin1"), "latin1"))
    coded = stream(call("torch.storage", "_load_from_bytes", (computed,)))
    yield Case("load_from_bytes_of_a_call", coded, "10", "nested pickle", "its bytes are computed")
    kept = op.blob(attack()) + b"q\0000" + b"ctorch.storage\n_load_from_bytes\nh\0\x85R"
    yield Case(
        "load_from_bytes_out_of_the_memo",
        stream(kept, 3),
        "10",
        "nested pickle",
        "its bytes come from the memo",
    )
    mutable = b"\x96" + struct.pack("<Q", len(attack())) + attack()
    buffered = stream(call("torch.storage", "_load_from_bytes", (Raw(mutable),), 5), 5)
    yield Case("load_from_bytes_of_a_bytearray", buffered, "10", "nested pickle", "bytes of a kind")
    for label, data, why in (*_arrays(), *_joblib(), *_misread(), *_two_readings()):
        yield Case(label, data, "10", "array and joblib files", why)
