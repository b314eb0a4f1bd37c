"""Class 12: only listed names, put together so that they do what they are not listed for."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus import _ops as op
from tests.corpus._archives import tensor, torch_zip, weights
from tests.corpus._case import Case
from tests.corpus._ops import ECHO, Raw, again, built, by_line, call, newobj, stream

SYSTEM = Raw(by_line("os", "system"))
ORDERED = ("collections", "OrderedDict")


def _states() -> Iterator[tuple[str, bytes, str]]:
    ordered = by_line(*ORDERED)
    yield "build_on_a_class", ordered + b"}X\1\0\0\0aNsb", "BUILD on a class changes it for all"
    yield (
        "build_on_a_class_slots",
        ordered + b"N}X\6\0\0\0updateNs\x86b",
        "BUILD with slots on a class",
    )
    yield (
        "build_on_a_function",
        by_line("torch._utils", "_rebuild_parameter") + b"}X\x08\0\0\0__code__Nsb",
        "BUILD on a function",
    )
    yield "build_on_a_tuple", b")}X\1\0\0\0aNsb", "BUILD on plain data"
    yield "build_on_a_dict", b"}}X\1\0\0\0aNsb", "BUILD on plain data"
    yield "build_on_a_list", b"]}X\1\0\0\0aNsb", "BUILD on plain data"
    yield "build_on_text", b"X\1\0\0\0a}X\1\0\0\0aNsb", "BUILD on plain data"
    yield "setitem_on_a_class", ordered + b"X\1\0\0\0aNs", "SETITEM on a class"
    yield (
        "setitem_on_a_function",
        by_line("torch._utils", "_rebuild_tensor_v2") + b"NNs",
        "SETITEM on a function",
    )
    yield "setitems_on_a_tensor", tensor() + b"(K\0K\1u", "SETITEM on a tensor writes memory"
    yield "setitem_on_a_list", b"]K\x07Ns", "SETITEM on a list, an index that is not there"
    yield "setitem_on_a_tuple", b")K\0Ns", "SETITEM on a tuple"
    yield "setitem_on_text", b"X\1\0\0\0aK\0Ns", "SETITEM on text"
    yield "append_on_a_class", ordered + b"Na", "APPEND on a class"
    yield "append_on_a_dict", b"}Na", "APPEND on a dictionary"
    yield "append_on_a_tensor", tensor() + b"Na", "APPEND on a tensor"
    yield "append_on_an_ordered_dict", call(*ORDERED) + b"Na", "APPEND on a dictionary"
    yield "append_on_a_bytearray", b"\x96\1\0\0\0\0\0\0\0aNa", "APPEND on bytes"
    yield "appends_of_strings_on_a_set", b"\x8f(Ne", "APPENDS on a set"
    yield "additems_on_a_list", b"](N\x90", "ADDITEMS on a list"
    yield "additems_on_a_class", by_line("builtins", "set") + b"(N\x90", "ADDITEMS on a class"
    yield (
        "build_ordered_dict_with_a_hook",
        built(call(*ORDERED), {"__class__": SYSTEM}),
        "an attribute of the interpreter",
    )
    yield (
        "build_ordered_dict_state_is_a_call",
        call(*ORDERED) + op.system() + b"b",
        "the state is a call",
    )
    hooked = built(call(*ORDERED), {"_backward_hooks": SYSTEM})
    yield "build_with_a_global_in_state", hooked, "a function in the state"


def _calls() -> Iterator[tuple[str, bytes, str]]:
    yield "call_of_a_result", again(call(*ORDERED), (ECHO,)), "the result of a call is called"
    yield (
        "call_of_a_class_result",
        again(call("builtins", "type", (1,)), ("1",)),
        "the result of a call is called",
    )
    yield (
        "new_of_a_result",
        call("builtins", "type", (1,)) + b")\x81",
        "NEWOBJ on the result of a call",
    )
    yield "obj_of_a_result", b"(" + call(*ORDERED) + b"o", "OBJ on the result of a call"
    yield "call_of_text", b"X\x09\0\0\0os.system)R", "text is called"
    yield "call_of_a_tensor", again(tensor(), ()), "a tensor is called"
    yield "ordered_dict_of_text", call(*ORDERED, ("ab",)), "an argument that is not data for it"
    yield (
        "ordered_dict_of_a_map",
        call(*ORDERED, (call("builtins", "map", (SYSTEM, [ECHO])),)),
        "a lazy call",
    )
    yield "ordered_dict_of_a_function", call(*ORDERED, ([["a", SYSTEM]],)), "a function as a value"
    yield "ordered_dict_new", newobj(*ORDERED, (SYSTEM,)), "a function as an argument"
    yield (
        "default_dict_of_system",
        call("collections", "defaultdict", (SYSTEM,)),
        "the factory is a shell",
    )
    yield (
        "default_dict_of_a_listed_function",
        call("collections", "defaultdict", (Raw(by_line("torch._utils", "_rebuild_tensor_v2")),)),
        "the factory is a function",
    )
    yield (
        "default_dict_of_a_call",
        call("collections", "defaultdict", (call(*ORDERED),)),
        "the factory is a result",
    )
    yield (
        "default_dict_set_by_build",
        built(newobj("collections", "defaultdict"), {"default_factory": SYSTEM}),
        "the factory is set later",
    )
    yield (
        "default_dict_of_exec",
        call("collections", "defaultdict", (Raw(by_line("builtins", "exec")),)),
        "the factory is a builtin that executes",
    )
    yield "counter_of_system", call("collections", "Counter", (SYSTEM,)), "a function as data"
    yield "set_of_a_call", call("builtins", "set", ([op.system()],)), "a call within the data"
    yield (
        "frozenset_of_a_function",
        call("builtins", "frozenset", ([SYSTEM],)),
        "a function within the data",
    )
    yield "complex_of_a_function", call("builtins", "complex", (SYSTEM,)), "a function as a number"
    yield "bytearray_of_a_function", call("builtins", "bytearray", (SYSTEM,)), "a function as bytes"
    yield (
        "bytearray_codec",
        call("builtins", "bytearray", ("a", "rot13")),
        "a codec that is looked up by name",
    )
    yield (
        "encode_with_a_codec",
        call("_codecs", "encode", ("a", "zlib_codec")),
        "a codec that is looked up by name",
    )
    yield (
        "encode_with_an_imported_codec",
        call("_codecs", "encode", ("a", "inert.module")),
        "codecs are imported by name",
    )
    yield (
        "encode_with_an_error_handler",
        call("_codecs", "encode", ("\u0100", "latin1", "inert")),
        "a handler of errors",
    )
    yield (
        "encode_of_a_call",
        call("_codecs", "encode", (op.system(), "latin1")),
        "a call as the text",
    )
    yield (
        "decode",
        call("_codecs", "decode", (b"a", "zlib_codec")),
        "a codec that is looked up by name",
    )
    yield "codec_register", call("_codecs", "register", (SYSTEM,)), "a search function of codecs"
    yield (
        "reconstructor_of_another_class",
        call(
            "copyreg",
            "_reconstructor",
            (Raw(by_line("subprocess", "Popen")), Raw(by_line("builtins", "object")), None),
        ),
        "a class that is in no list",
    )
    yield (
        "reconstructor_of_another_base",
        call(
            "copyreg",
            "_reconstructor",
            (Raw(by_line(*ORDERED)), Raw(by_line("subprocess", "Popen")), None),
        ),
        "a base that is in no list",
    )
    yield (
        "reconstructor_of_a_function",
        call("copyreg", "_reconstructor", (SYSTEM, Raw(by_line("builtins", "object")), None)),
        "a function as the class",
    )
    yield (
        "newobj_helper",
        call("copyreg", "__newobj__", (Raw(by_line("subprocess", "Popen")),)),
        "the helper of NEWOBJ",
    )
    yield "unpickle_of_a_slice", call("builtins", "slice", (SYSTEM,)), "a function as a bound"
    yield (
        "partial_of_a_listed_function",
        call("functools", "partial", (Raw(by_line("torch._utils", "_rebuild_tensor_v2")),)),
        "a call to be",
    )


def _torch() -> Iterator[tuple[str, bytes, str]]:
    hooks = Raw(b"ccollections\nOrderedDict\n)R")
    utils = "torch._utils"
    yield (
        "rebuild_from_type",
        call(
            "torch._tensor",
            "_rebuild_from_type_v2",
            (SYSTEM, Raw(by_line("torch", "Tensor")), (ECHO,), {}),
        ),
        "its function is a shell",
    )
    yield (
        "rebuild_from_type_of_a_class",
        call(
            "torch._tensor",
            "_rebuild_from_type_v2",
            (
                Raw(by_line(utils, "_rebuild_tensor_v2")),
                Raw(by_line("subprocess", "Popen")),
                (),
                {},
            ),
        ),
        "its class is in no list",
    )
    yield (
        "rebuild_from_type_state",
        call(
            "torch._tensor",
            "_rebuild_from_type_v2",
            (
                Raw(by_line("builtins", "set")),
                Raw(by_line("torch", "Tensor")),
                (),
                {"__class__": None},
            ),
        ),
        "the state sets what the interpreter has",
    )
    yield (
        "rebuild_from_type_by_getattr",
        call(
            "torch._tensor",
            "_rebuild_from_type_v2",
            (
                Raw(by_line("builtins", "getattr")),
                Raw(by_line("builtins", "str")),
                ("a", "format"),
                {},
            ),
        ),
        "its function is getattr",
    )
    yield (
        "parameter_with_state",
        call(
            utils, "_rebuild_parameter_with_state", (tensor(), True, hooks, {"__class__": SYSTEM})
        ),
        "a state that is a function",
    )
    yield (
        "wrapper_subclass",
        call(
            utils,
            "_rebuild_wrapper_subclass",
            (
                Raw(by_line("subprocess", "Popen")),
                Raw(by_line("torch", "float32")),
                (1,),
                (1,),
                0,
                Raw(by_line("torch", "strided")),
                None,
                False,
            ),
        ),
        "its class is in no list",
    )
    yield (
        "rebuild_of_data_descriptor",
        call(utils, "_rebuild_device_tensor_from_numpy", (SYSTEM, None, "cpu", False)),
        "a function as an array",
    )
    yield (
        "hooks_are_a_function",
        call(utils, "_rebuild_tensor_v2", (Raw(b"N"), 0, (1,), (1,), False, SYSTEM)),
        "the hooks are a function",
    )
    yield (
        "storage_is_none",
        call(utils, "_rebuild_tensor_v2", (None, 0, (1,), (1,), False, hooks)),
        "no storage",
    )
    yield (
        "storage_is_a_tensor",
        call(utils, "_rebuild_tensor_v2", (tensor(), 0, (4,), (1,), False, hooks)),
        "a tensor as the storage",
    )
    yield (
        "shape_is_a_call",
        call(utils, "_rebuild_tensor_v2", (None, 0, op.system(), (1,), False, hooks)),
        "a call as the shape",
    )
    yield (
        "untyped_storage_of_a_number",
        call("torch.storage", "UntypedStorage", (2**40,)),
        "memory as large as one asks for",
    )
    yield (
        "typed_storage_called",
        call("torch.storage", "TypedStorage", (), 2) + b"}b",
        "a storage made without bytes",
    )
    yield (
        "storage_class_called",
        call("torch", "FloatStorage", (2**40,)),
        "memory as large as one asks for",
    )
    yield "tensor_called", call("torch", "Tensor", (2**40,)), "memory as large as one asks for"
    yield (
        "tensor_new_with_state",
        built(newobj("torch", "Tensor"), (None, 0, (2**40,), (1,))),
        "a tensor that BUILD points anywhere",
    )
    yield (
        "tensor_setstate",
        built(newobj("torch.nn.parameter", "Parameter"), {"data": SYSTEM}),
        "a tensor's state is a function",
    )
    yield (
        "whole_module",
        built(newobj("torch.nn.modules.linear", "Linear"), {"forward": SYSTEM}),
        "a module's method is a shell",
    )
    yield (
        "module_of_a_script",
        built(newobj("__torch__", "Model"), {"a": None}),
        "a class of the archive's own code",
    )
    yield "device_of_a_function", call("torch", "device", (SYSTEM,)), "a function as the device"
    yield "size_of_a_call", call("torch", "Size", ([op.system()],)), "a call as a length"
    yield (
        "quantized_of_a_function",
        call(utils, "_rebuild_qtensor", (None, 0, (1,), (1,), SYSTEM, False, hooks)),
        "a function as the scheme",
    )
    yield (
        "sparse_of_a_function",
        call(utils, "_rebuild_sparse_tensor", (SYSTEM, ())),
        "a function as the layout",
    )


def _numpy() -> Iterator[tuple[str, bytes, str]]:
    multi = ("numpy.core.multiarray", "_reconstruct")
    plain = Raw(by_line("numpy", "ndarray"))
    array = call(*multi, (plain, (0,), b"b"))
    kind = call("numpy", "dtype", ("O8", False, True))
    floats = call("numpy", "dtype", ("f8", False, True))
    yield (
        "reconstruct_of_another_class",
        call(*multi, (Raw(by_line("subprocess", "Popen")), (0,), b"b")),
        "a class that is in no list",
    )
    yield (
        "reconstruct_of_memmap",
        call(*multi, (Raw(by_line("numpy", "memmap")), (0,), b"b")),
        "an array over a file",
    )
    yield (
        "reconstruct_of_a_huge_shape",
        call(*multi, (plain, (2**40,), b"b")),
        "memory as large as one asks for",
    )
    yield "array_state_is_a_call", array + op.system() + b"b", "the state is a call"
    yield (
        "array_of_objects_holds_a_call",
        built(array, (1, (1,), kind, False, [op.system()])),
        "a call among the items",
    )
    yield (
        "array_of_objects_holds_a_function",
        built(array, (1, (1,), kind, False, [SYSTEM])),
        "a function among the items",
    )
    yield (
        "array_shorter_than_its_shape",
        built(array, (1, (1000,), floats, False, b"\0" * 8)),
        "bytes that are not there",
    )
    yield (
        "array_of_objects_from_bytes",
        built(array, (1, (1,), kind, False, b"\0" * 8)),
        "pointers out of bytes",
    )
    yield "array_negative_shape", built(array, (1, (-1,), floats, False, b"")), "a negative shape"
    yield "dtype_of_a_call", call("numpy", "dtype", (op.system(),)), "a call as the type"
    yield "dtype_of_a_function", call("numpy", "dtype", (SYSTEM,)), "a function as the type"
    yield (
        "dtype_state_with_a_function",
        built(floats, (3, "<", None, ("a",), {"a": (SYSTEM, 0)}, 8, 1, 0)),
        "a function as a field's type",
    )
    yield (
        "scalar_of_objects",
        call("numpy.core.multiarray", "scalar", (kind, b"\0" * 8)),
        "a pointer out of bytes",
    )
    yield (
        "scalar_of_a_call",
        call("numpy.core.multiarray", "scalar", (floats, op.system())),
        "a call as the number",
    )
    yield (
        "frombuffer_of_objects",
        call("numpy.core.numeric", "_frombuffer", (b"\0" * 8, kind, (1,), "C")),
        "pointers out of bytes",
    )
    yield (
        "ufunc_of_a_name",
        call("numpy.core", "_ufunc_reconstruct", ("os", "system")),
        "getattr over an import",
    )
    yield (
        "random_constructor",
        call("numpy.random._pickle", "__generator_ctor", (SYSTEM,)),
        "a function as the generator",
    )
    yield (
        "masked_array_of_a_class",
        call(
            "numpy.ma.core",
            "_mareconstruct",
            (Raw(by_line("subprocess", "Popen")), plain, (0,), "b"),
        ),
        "a class that is in no list",
    )


def _opcodes() -> Iterator[tuple[str, bytes, str]]:
    yield "ext1", b"\x82\x01", "an extension that the host's registry gives a meaning"
    yield "ext2", b"\x83\x01\x01", "an extension that the host's registry gives a meaning"
    yield "ext4", b"\x84\x01\x01\x01\x01", "an extension that the host's registry gives a meaning"
    yield "ext1_of_zero", b"\x82\0", "an extension that cannot be"
    yield "ext4_negative", b"\x84\xff\xff\xff\xff", "an extension that cannot be"
    yield "ext1_called", b"\x82\x01)R", "an extension is called"
    yield "persistent_id_of_text", b"Pinert\n", "what the loader makes of it is not known"
    yield (
        "persistent_id_of_a_path",
        b"X\x0b\0\0\0/etc/passwdQ",
        "what the loader makes of it is not known",
    )
    yield "persistent_id_of_a_call", op.system() + b"Q", "a call as the id"
    yield "next_buffer", b"\x97", "bytes from outside the file"
    yield "next_buffer_read_only", b"\x97\x98", "bytes from outside the file"
    yield "read_only_of_none", b"N\x98", "READONLY_BUFFER on no buffer"


def cases() -> Iterator[Case]:
    for label, body, why in _states():
        yield Case(f"state_{label}", stream(body), "12", "CVE-2026-24747", why)
    for label, body, why in _calls():
        yield Case(f"listed_{label}", stream(body), "12", "allow-list abuse", why)
    for label, body, why in _torch():
        data = torch_zip(weights({"w": Raw(body)}))
        yield Case(f"torch_listed_{label}", data, "12", "CVE-2025-32434", why)
    for label, body, why in _numpy():
        yield Case(f"numpy_listed_{label}", stream(body, 3), "12", "allow-list abuse", why)
    for label, body, why in _opcodes():
        yield Case(f"opcode_{label}", stream(body, 5, framed=False), "12", "opcodes", why)
