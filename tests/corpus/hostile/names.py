"""Classes 2 and 8: names that a comparison with a list does not meet."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus import _ops as op
from tests.corpus._case import Case, slug
from tests.corpus._ops import ECHO, Raw, stream

SUBMODULES = (
    ("asyncio.base_subprocess", "BaseSubprocessTransport"), ("asyncio.subprocess", "create_subprocess_exec"),
    ("multiprocessing.popen_spawn_posix", "Popen"), ("multiprocessing.popen_fork", "Popen"),
    ("socket.__init__", "socket"), ("urllib.request.__init__", "urlopen"), ("os.path.os", "system"),
    ("importlib.machinery", "SourceFileLoader"), ("ctypes.wintypes", "windll"),
    ("pip._internal.cli.main", "main"), ("webbrowser.__main__", "main"),
    ("concurrent.futures.thread", "ThreadPoolExecutor"), ("xmlrpc.server", "SimpleXMLRPCServer"),
)  # fmt: skip
# Module and name as STACK_GLOBAL takes them: with protocol 4 the dots of a name are followed.
DOTTED = (
    ("pathlib", "os.system"), ("random", "_os.system"), ("collections", "_sys.modules"),
    ("collections", "abc.sys.modules"), ("torch", "os.system"), ("torch._utils", "sys.exit"),
    ("torch._utils", "torch.hub.load"), ("torch.storage", "os.system"), ("numpy", "os.system"),
    ("numpy", "f2py.compile"), ("numpy.core.multiarray", "os.system"), ("_codecs", "encode.__call__"),
    ("_codecs", "encode.__self__"), ("collections", "OrderedDict.__init__.__globals__"),
    ("collections", "OrderedDict.fromkeys"), ("collections", "OrderedDict.__class__"),
    ("collections", "OrderedDict.__reduce_ex__"), ("copyreg", "_reconstructor.__globals__"),
    ("builtins", "set.__class__"), ("builtins", "dict.fromkeys"), ("builtins", "object.__subclasses__"),
    ("datetime", "sys.modules"), ("logging", "os.popen"), ("sklearn.base", "warnings.sys.exit"),
)  # fmt: skip
# Spellings that fold, trim or normalise to a listed or a known name, and those that are neither.
SPELLINGS = (
    ("trailing_space", "os ", "system"), ("leading_space", " os", "system"),
    ("tab_in_module", "os\t", "system"), ("nul_in_module", "os\0", "system"),
    ("upper_case", "OS", "system"), ("fullwidth", "\uff4fs", "system"), ("long_s", "o\u017f", "\u017fystem"),
    ("cyrillic_o", "\u043es", "system"), ("zero_width_joiner", "o\u200ds", "system"),
    ("bidi_override", "\u202eso", "metsys"), ("combining_mark", "os\u0301", "system"),
    ("byte_order_mark", "\ufeffos", "system"), ("lone_surrogate", "\ud800os", "system"),
    ("empty_module", "", "system"), ("empty_name", "os", ""), ("both_empty", "", ""),
    ("newline_in_module", "os\nsystem", "x"), ("carriage_return", "os\r", "system"),
    ("relative_module", ".os", "system"), ("trailing_dot", "os.", "system"),
    ("path_as_module", "../os", "system"), ("colon_in_module", "os:system", "x"),
    ("main_module", "__main__", "Inert"), ("listed_with_suffix", "collections", "OrderedDict "),
    ("listed_with_nul", "collections", "OrderedDict\0"), ("listed_module_upper", "Collections", "OrderedDict"),
    ("listed_name_lower", "collections", "ordereddict"), ("listed_plus_dot", "collections.", "OrderedDict"),
    ("listed_as_submodule", "collections.OrderedDict", "x"), ("fullwidth_listed", "\uff43ollections", "OrderedDict"),
    ("very_long_name", "os", "s" * 100_000), ("percent_name", "os", "%s%n"),
    ("markup_name", "<script>", "alert(1)"), ("escape_sequence", "\x1b[2J", "system"),
    ("line_separator", "os\u2028", "system"),
)  # fmt: skip


def _built_names() -> Iterator[tuple[str, bytes]]:
    args = op.value((ECHO,))
    call = op.STACK_GLOBAL + args + op.REDUCE
    yield "from_the_memo", b"X\2\0\0\0osq\0X\6\0\0\0systemq\x010" + b"0h\0h\1" + call
    yield "memoised_in_a_list", b"](X\2\0\0\0osq\0X\6\0\0\0systemq\1e0h\0h\1" + call
    yield (
        "long_binget",
        b"X\2\0\0\0osr\0\1\0\0X\6\0\0\0systemr\1\1\0\x000" + b"0j\0\1\0\0j\1\1\0\0" + call,
    )
    yield "text_get_and_put", b"Vos\np900000\nVsystem\np1\n00g900000\ng1\n" + call
    yield "old_strings", b"S'os'\nS'system'\n" + call
    yield "escaped_string", b"S'\\x6fs'\nS'\\x73ystem'\n" + call
    yield "escaped_unicode", b"V\\u006fs\nV\\u0073ystem\n" + call
    yield "short_binstring", b"U\2osU\6system" + call
    yield "binstring", b"T\2\0\0\0osT\6\0\0\0system" + call
    yield "binunicode8", b"\x8d" + (2).to_bytes(8, "little") + b"os\x8c\6system" + call
    yield "swapped_by_memo", b"X\6\0\0\0systemq\0X\2\0\0\0osq\x0100h\1h\0" + call
    yield "dup_of_one_name", b"X\4\0\0\0this2" + op.STACK_GLOBAL
    yield "name_from_a_call", b"X\2\0\0\0os" + op.call("builtins", "str", ("system",)) + call
    codec = op.call("_codecs", "encode", ("os", "latin1"))
    yield "name_from_codecs_encode", codec + b"X\6\0\0\0system" + call
    yield "name_of_bytes", b"C\2osC\6system" + call
    yield "names_under_other_values", b"NNX\2\0\0\0osX\6\0\0\0system" + call + b"\x87"
    yield "name_by_persistent_id", b"X\1\0\0\0aQX\6\0\0\0system" + call
    yield "memoize_counts", b"\x8c\1a\x94\x8c\2os\x94\x8c\6system\x94" + b"000h\1h\2" + call


def cases() -> Iterator[Case]:
    for module, name in SUBMODULES:
        data = stream(op.call(module, name, (), 4), 4)
        why = "a submodule, or another road to it, of a module that lists name"
        yield Case(f"submodule_{slug(module)}_{slug(name)}", data, "2", "CVE-2025-10157", why)
    for module, name in DOTTED:
        data = stream(op.call(module, name, (ECHO,), 4), 4)
        why = "a listed module, and dots that lead out of it"
        yield Case(f"dotted_{slug(module)}_{slug(name)}", data, "8", "GHSA-5j3x", why)
    line = stream(op.by_line("torch", "_utils.os.system") + op.value((ECHO,)) + b"R", 4)
    yield Case("dotted_by_global_opcode", line, "8", "GHSA-5j3x", "dots in the name of GLOBAL")
    inst = stream(op.inst("collections", "_sys.exit", (0,)), 4)
    yield Case("dotted_by_inst_opcode", inst, "8", "GHSA-5j3x", "dots in the name of INST")
    for label, module, name in SPELLINGS:
        asked = op.long_text(module) + op.long_text(name) + op.STACK_GLOBAL
        data = stream(Raw(asked + op.value((ECHO,)) + op.REDUCE), 4)
        why = "a name that only looks like another one"
        yield Case(f"spelling_{label}", data, "8", "unicode and white space", why)
    for label, body in _built_names():
        why = "the names of STACK_GLOBAL are not next to it"
        yield Case(f"built_name_{label}", stream(body, 4), "8", "picklescan issue 22", why)
    crlf = b"cos\r\nsystem\r\n(Vecho inert\r\ntR."
    yield Case("global_with_crlf", crlf, "8", "line ends", "carriage returns are parts of names")
    quoted = b"c'os'\nsystem\n(V" + ECHO.encode() + b"\ntR."
    yield Case("global_with_quotes", quoted, "8", "line ends", "quotes are parts of names")
    bad = b"\x80\x02c\xffos\nsystem\n)R."
    yield Case("global_not_utf8", bad, "8", "line ends", "a module's name that is no UTF-8")
