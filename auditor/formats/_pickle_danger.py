"""Knows globals that run code, open files or sockets, import or evaluate: why a name is refused.

A hint for whoever reads the verdict: what is in no table is refused in any case.
"""

from __future__ import annotations

_RUNS = "starts programs or changes the system"
_CODE = "runs code that it is given"
_IMPORTS = "imports or finds whatever it is told"
_FILES = "opens, writes or removes files"
_NETWORK = "opens connections"
_REACHES = "reaches attributes or calls by name"
_UNPICKLES = "loads another pickle, which runs what that one says"
_MEMORY = "reaches the memory of the process"
_TOOLS = "is a tool that runs programs or code"
_COMPILES = "compiles and runs code"
_LOADS = "loads files that may run code"

# A family stands for the module and everything under it.
_FAMILIES: dict[str, str] = {
    _RUNS: """
        os posix nt posixpath ntpath genericpath subprocess _posixsubprocess commands popen2 pty tty
        signal resource sys _winapi msvcrt winreg _osx_support _aix_support multiprocessing
        concurrent asyncio threading _thread sched atexit platform ensurepip pip setuptools
        pkg_resources distutils _distutils_hack venv site sysconfig psutil pexpect sh plumbum fabric
        paramiko invoke ptyprocess
    """,
    _CODE: """
        code codeop bdb pdb timeit trace profile cProfile _lsprof doctest unittest test idlelib
        lib2to3 __main__ this antigravity rlcompleter _pyrepl IPython ipykernel jinja2 mako nose
        pytest _pytest turtledemo __phello__ cffi numexpr sympy
    """,
    _IMPORTS: """
        importlib imp runpy pkgutil zipimport modulefinder pydoc _frozen_importlib
        _frozen_importlib_external inspect py_compile compileall zipapp
    """,
    _FILES: """
        io _io _pyio shutil tempfile fileinput linecache tarfile zipfile gzip bz2 lzma dbm sqlite3
        _sqlite3 mmap configparser mailbox fsspec s3fs gcsfs filecmp logging.config logging.handlers
        logging.FileHandler logging.basicConfig
    """,
    _NETWORK: """
        socket _socket ssl _ssl http urllib urllib2 httplib ftplib smtplib poplib imaplib nntplib
        telnetlib socketserver SocketServer xmlrpc xmlrpclib webbrowser wsgiref select selectors
        requests httpx urllib3 aiohttp boto3 botocore cgi cgitb
    """,
    _REACHES: """
        operator _operator functools _functools types gc
    """,
    _UNPICKLES: """
        pickle _pickle cPickle pickletools marshal shelve dill cloudpickle jsonpickle copy_reg
        copyreg
    """,
    _MEMORY: """
        ctypes _ctypes _testcapi faulthandler
    """,
    _TOOLS: """
        torch.utils.bottleneck torch.utils.collect_env torch.utils.cpp_extension torch.utils.data
        torch.utils._config_module torch.utils.model_dump torch.distributed.run
        torch.distributed.launch torch.distributed.elastic torch.distributed.rpc
        torch.multiprocessing torch.testing torch.utils.benchmark torch.utils.tensorboard
        torch.utils.file_baton numpy.f2py numpy.testing numpy.distutils numpy.ctypeslib
    """,
    _COMPILES: """
        torch._dynamo torch._inductor torch._export torch.export torch.fx torch.jit
        torch._jit_internal torch._C torch.package torch.onnx torch.compiler torch.ops torch._ops
        torch._library torch.library triton numba llvmlite pyximport Cython
        tensorflow.python.framework.load_library tvm
    """,
    _LOADS: """
        torch.hub joblib.numpy_pickle joblib.parallel joblib.memory joblib.externals loky
        torch._appdirs transformers.dynamic_module_utils
    """,
}
_NAMES: dict[str, str] = {
    _CODE: """
        builtins.eval builtins.exec builtins.compile builtins.execfile builtins.apply builtins.map
        builtins.filter builtins.breakpoint builtins.input builtins.raw_input builtins.help
        builtins.__build_class__ builtins.type.__call__ pandas.eval
        pandas.core.computation.eval.eval pandas.core.frame.DataFrame.eval numpy.vectorize
        numpy.apply_along_axis numpy.apply_over_axes numpy.fromfunction numpy.frompyfunc
        numpy.piecewise copy.deepcopy itertools.starmap typing.get_type_hints typing.ForwardRef
        dataclasses.make_dataclass uuid._get_command_stdout uuid._popen
    """,
    _IMPORTS: """
        builtins.__import__ numpy.core._ufunc_reconstruct numpy._core._ufunc_reconstruct
        django.utils.module_loading.import_string site.execsitecustomize
        numpy.core._internal._reconstruct_method
    """,
    _REACHES: """
        builtins.getattr builtins.setattr builtins.delattr builtins.vars builtins.dir
        builtins.globals builtins.locals builtins.super builtins.classmethod builtins.staticmethod
        builtins.property builtins.memoryview builtins.__dict__
    """,
    _FILES: """
        builtins.open builtins.file codecs.open _codecs.lookup codecs.lookup numpy.load numpy.save
        numpy.fromfile numpy.loadtxt numpy.genfromtxt numpy.memmap numpy.savetxt numpy.DataSource
        numpy.core.memmap.memmap numpy._core.memmap.memmap numpy.lib.npyio.load
        numpy.lib._npyio_impl.load numpy.core.multiarray.fromfile numpy._core.multiarray.fromfile
        pathlib.Path.write_text pathlib.Path.unlink torch.save torch.from_file
        torch.storage.UntypedStorage.from_file
    """,
    _UNPICKLES: """
        torch.load torch.serialization.load torch.serialization._load
        torch.serialization._legacy_load joblib.load pandas.read_pickle pandas.io.pickle.read_pickle
        pandas.compat.pickle_compat.load numpy.lib.format.read_array sklearn.externals.joblib.load
        torch.utils.serialization.load_lua pandas.core.generic.NDFrame.to_pickle numpy.ma.core.load
        numpy.loads pickle.loads
    """,
    _LOADS: """
        pandas.read_csv pandas.read_sql pandas.read_html pandas.read_xml pandas.read_json
        pandas.read_hdf pandas.read_parquet pandas.read_excel keras.models.load_model
        tensorflow.keras.models.load_model tensorflow.saved_model.load tensorflow.io.read_file
        tensorflow.io.write_file transformers.pipeline onnxruntime.InferenceSession
        transformers.AutoModel.from_pretrained
    """,
}
FAMILIES = {name: why for why, names in _FAMILIES.items() for name in names.split()}
NAMES = {name: why for why, names in _NAMES.items() for name in names.split()}

# How Python 2 called the module.
_BUILTINS = ("__builtin__", "__builtins__", "builtins")


def why_dangerous(module: str, name: str) -> str:
    """Return why a global is known to be dangerous, `` where it is not known to be."""
    if module in _BUILTINS:
        module = "builtins"
    full = f"{module}.{name}"
    if full in NAMES:
        return f"it {NAMES[full]}"
    parts = full.split(".")
    for length in range(len(parts), 0, -1):
        why = FAMILIES.get(".".join(parts[:length]))
        if why:
            return f"it {why}"
    return ""
