"""The tables of what pickles may import: strict to read, and never more than they say."""

from __future__ import annotations

import builtins
import time

import pytest

from auditor.data import folder
from auditor.errors import DocumentError
from auditor.formats import _pickle_tables
from auditor.formats._pickle_danger import why_dangerous
from auditor.formats._pickle_table_reader import read
from auditor.formats._pickle_tables import entries
from auditor.policy.pack import shipped

HEAD = "tables: [{name: t, tier: %s, owner: o, source: s, reviewed: 2026-01-01, "


def tables(rest: str, tier: str = "framework"):
    return read(((HEAD % tier) + rest + "}]").encode(), "t.yaml")


def test_a_table_gives_powers_by_name_or_to_all():
    found = tables("powers: [new, build], globals: {a.b: C D, e: {f: [call], G: []}}")
    assert set(found) == {("a.b", "C"), ("a.b", "D"), ("e", "f"), ("e", "G")}
    entry = found["a.b", "D"]
    assert (entry.call, entry.new, entry.build, entry.items) == (False, True, True, False)
    assert found["e", "f"].call
    assert entry.table.tier == "framework"


WRONG = {
    "no-tables": b"exceptions: []",
    "table-without-an-owner": b"tables: [{name: t, tier: data, source: s, reviewed: x, globals: {}}]",
    "unknown-tier": (HEAD % "trusted" + "globals: {}}]").encode(),
    "unknown-power": (HEAD % "data" + "globals: {a: {b: [run]}}}]").encode(),
    "call-for-all": (HEAD % "framework" + "powers: [call], globals: {a: B}}]").encode(),
    "power-without-a-list": (HEAD % "data" + "globals: {a: {b: call}}}]").encode(),
    "twice": (HEAD % "data" + "globals: {a: {b: []}}}, ").encode()
    + b"{name: u, tier: data, owner: o, source: s, reviewed: x, globals: {a: b}}]",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_table_that_is_wrong_is_refused(name):
    with pytest.raises(DocumentError):
        read(WRONG[name], "t.yaml")


def test_the_tables_read_from_json_are_those_of_the_file_that_people_read():
    data = (folder("policies") / _pickle_tables.FILE).read_bytes()
    assert entries() == read(data, "t.yaml")
    again = _pickle_tables.written_again(data, read(data, "t.yaml"))
    assert again == _pickle_tables._AGAIN.read_bytes(), "run `make docs`"


def test_tables_that_were_changed_since_are_read_from_their_file(monkeypatch, tmp_path):
    more = b"- {name: own, tier: data, owner: o, source: s, reviewed: x, globals: {own: {C: []}}}\n"
    shipped_data = (folder("policies") / _pickle_tables.FILE).read_bytes()
    own = shipped_data.replace(b"exceptions:", more + b"exceptions:")
    (tmp_path / _pickle_tables.FILE).write_bytes(own)
    monkeypatch.setattr(_pickle_tables, "folder", lambda _: tmp_path)
    entries.cache_clear()
    try:
        assert ("own", "C") in entries()
        (tmp_path / _pickle_tables.FILE).write_bytes(b"tables: nothing")
        entries.cache_clear()
        with pytest.raises(DocumentError):
            entries()
    finally:
        entries.cache_clear()


def test_what_is_shipped_is_read_fast_and_is_no_pack():
    begun = time.process_time()
    entries.cache_clear()
    assert len(entries()) > 200
    assert time.process_time() - begun < 1
    assert "allow_globals" not in shipped()


def test_nothing_that_is_known_to_run_may_be_called():
    """Modules that are dangerous but for single names are listed here, so that a new one is seen."""
    shared = {
        f"{module}.{name}" for (module, name), entry in entries().items()
        if why_dangerous(module, name) and (entry.call or entry.new or entry.build)
    }  # fmt: skip
    assert shared == {
        "copyreg._reconstructor", "copyreg.__newobj__", "types.SimpleNamespace",
        "joblib.numpy_pickle.NumpyArrayWrapper", "joblib.numpy_pickle.NDArrayWrapper",
        "joblib.numpy_pickle.ZNDArrayWrapper",
        "torch.jit._pickle.build_boollist", "torch.jit._pickle.build_doublelist",
        "torch.jit._pickle.build_intlist", "torch.jit._pickle.build_tensor_from_id",
        "torch.jit._pickle.build_tensorlist", "torch.jit._pickle.restore_type_tag",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "os.system", "os.path.join", "posix.system", "nt.system", "builtins.eval", "__builtin__.exec",
        "builtins.getattr", "builtins.__import__", "builtins.open", "importlib.import_module",
        "runpy.run_path", "pty.spawn", "socket.socket", "ctypes.CDLL", "code.interact", "pdb.run",
        "bdb.Bdb.run", "timeit.timeit", "trace.Trace", "profile.run", "cProfile.run", "doctest.testfile",
        "pydoc.pipepager", "pkgutil.resolve_name", "operator.attrgetter", "operator.methodcaller",
        "functools.partial", "functools.reduce", "types.FunctionType", "marshal.loads", "pickle.loads",
        "cPickle.loads", "shelve.open", "webbrowser.open", "asyncio.subprocess.create_subprocess_shell",
        "multiprocessing.util.spawnv_passfds", "ensurepip._run_pip", "pip.main",
        "distutils.file_util.write_file", "idlelib.run.Executive", "lib2to3.pgen2.pgen.ParserGenerator",
        "test.support.script_helper.run_python_until_end", "torch.hub.load", "torch.jit.load",
        "torch.utils.bottleneck.__main__.run_cprofile", "torch._dynamo.guards.GuardBuilder.get",
        "torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression", "torch.load",
        "numpy.f2py.crackfortran.getlincoef", "numpy.testing._private.utils.runstring", "numpy.load",
        "joblib.load", "dill.loads", "cloudpickle.loads", "pandas.read_pickle", "pandas.eval",
        "uuid._get_command_stdout", "_osx_support._read_output", "_aix_support._read_cmd_output",
        "imaplib.IMAP4_stream", "_pyrepl.pager.pipe_pager", "ssl.get_server_certificate", "shutil.rmtree",
        "subprocess.Popen", "commands.getoutput", "antigravity.geohash", "logging.config.dictConfig",
    ],
)  # fmt: skip
def test_it_is_known_why_a_name_is_dangerous(name):
    module, _, last = name.rpartition(".")
    assert why_dangerous(module, last)
    assert (module, last) not in entries()


def test_no_builtin_function_may_be_called():
    allowed = {
        name for (module, name), entry in entries().items() if module == "builtins" and entry.call
    }
    assert all(isinstance(getattr(builtins, name), type) for name in allowed)


@pytest.mark.parametrize(
    "name", ["acme.Net", "osmnx.graph", "codecs2.encode", "torchvision.models.resnet"]
)
def test_other_names_are_not_known(name):
    module, _, last = name.rpartition(".")
    assert not why_dangerous(module, last)
