"""Machine code: a compiled function that is loaded without the compiler.

numba compiles the fast loops, but to load its earlier result the whole of numba must be imported: a second of processor
time before the first step. In this time a small network could train on its rows four times. The machine code itself is
a few ten thousand bytes. This module stores it in a file of its own, and a later process needs only llvmlite's linker,
in a tenth of the time.

A file's name holds everything that its code depends on: the source, the versions, the processor, the types. Another
computer that shares the folder has another file. A file is written completely or not at all; a damaged one does not
match its checksum, and then the function is compiled again.
"""

import ctypes
import hashlib
import json
import os
import sys
import threading
from importlib.metadata import version
from pathlib import Path

import numpy as np

from backprop_core.interruption import keep_ctrl_c
from backprop_core.whole_file import whole_file

# The folders that may hold compiled code, as Python's and numba's own: the first that can be written to. A user whom
# the system does not know has no home.
HOME = os.path.expanduser("~")  # noqa: PTH111 - Path's raises if there is none
FOLDERS = (Path(__file__).parent / "__pycache__", *([Path(HOME) / ".cache" / "backprop"] if HOME != "~" else []))
NUMBERS = {np.dtype(np.float32): ctypes.c_float, np.dtype(np.float64): ctypes.c_double}


def load_kernel(module_name, name, sources, arguments):
    """Return a function that is ready to be called with arguments of these types.

    Parameters
    ----------
    module_name, name : str
        The module and the kernel in it. It must return an int64, raise nothing and ask for no memory.
    sources : sequence of Path, the files that the kernel is made of
    arguments : tuple of int, float, numpy float, C-contiguous ndarray, and tuples of these
    """
    kind = json.dumps(_types(arguments))
    key = (name, kind, *(path.read_text(encoding="utf-8") for path in sources), sys.version, *_environment())
    file_name = f"{name}.{hashlib.sha256(repr(key).encode()).hexdigest()[:32]}.code"
    with keep_ctrl_c():  # objects of llvmlite end in `__del__`, and LLVM calls back to it
        for folder in FOLDERS:
            code = _read(folder / file_name)
            if code:
                return _Linked(*code)
        return _compile(module_name, name, arguments, file_name)


class Kernels:
    """The kernels of a module as attributes, each loaded when it is first called; always called with the same types."""

    def __init__(self, module_name, sources):
        self._module_name, self._sources, self._loading = module_name, sources, threading.Lock()

    def __getattr__(self, name):
        def first_call(*arguments):
            with self._loading:  # several threads may be the first
                if name not in self.__dict__:
                    setattr(self, name, load_kernel(self._module_name, name, self._sources, arguments))
            return self.__dict__[name](*arguments)

        return first_call


def _environment():
    """What compiled code depends on beside its source."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features().flatten()
    return llvm.get_host_cpu_name(), features, version("numba"), version("llvmlite"), os.name


def _types(argument):
    """A description of an argument's type, in JSON types."""
    if isinstance(argument, tuple):
        return [_types(part) for part in argument]
    if isinstance(argument, np.ndarray):
        return f"{argument.dtype}x{argument.ndim}{'' if argument.flags.c_contiguous else 'A'}"
    return str(np.asarray(argument).dtype)


def _read(path):
    """Return (name, symbols, object code) from a file, or None if it is missing or damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    header, _, code = content.partition(b"\n")
    try:
        entry = json.loads(header)
        whole = entry["sha256"] == hashlib.sha256(code).hexdigest()
        return (entry["name"], entry["symbols"], code) if whole else None
    except (ValueError, KeyError, TypeError):
        return None


def _compile(module_name, name, arguments, file_name):
    """Compile with numba, store the code where possible, and return the function."""
    import importlib

    import numba

    from backprop_core.kernels import SETTINGS

    kernel = getattr(importlib.import_module(module_name), name)
    # Numba's own store would keep the code, but not give it back.
    anew = numba.njit(kernel.py_func, **SETTINGS)
    signature = tuple(map(numba.typeof, arguments))
    anew.compile(signature)
    result = anew.overloads[signature]
    library = result.library
    code = library.serialize_using_object_code()[2][0]
    final = library._final_module
    symbols = [one.name for part in (final.functions, final.global_variables) for one in part if one.is_declaration]
    _write(file_name, result.fndesc.llvm_func_name, symbols, code)
    # What numba would call may differ from what is stored by rounding: it takes a part that it has kept as it is.
    return _Linked(result.fndesc.llvm_func_name, symbols, code)


def _write(file_name, name, symbols, code):
    """Store code in the first folder that takes it; if there is none, each process compiles for itself."""
    entry = {"name": name, "symbols": symbols, "sha256": hashlib.sha256(code).hexdigest()}
    for folder in FOLDERS:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with whole_file(folder / file_name) as temporary:
                temporary.write_bytes(json.dumps(entry).encode() + b"\n" + code)
            return
        except OSError:
            continue


class _Linked:
    """Object code of a kernel, linked into this process.

    numba passes an array as eight or more plain numbers: two owners, which are null here, the number of items, the
    bytes of each, the address, the shape and the strides. Before the arguments go two addresses, for the result and
    for an error.
    """

    def __init__(self, name, symbols, code):
        self._engine = _engine_of(symbols, code)
        self._address = self._engine.get_function_address(name)
        self._function = None

    def __call__(self, *arguments):
        result, error = ctypes.c_int64(), ctypes.c_void_p()
        numbers = [_ADDRESS(ctypes.addressof(result)), _ADDRESS(ctypes.addressof(error)), *_flat(arguments)]
        if self._function is None:
            self._function = ctypes.CFUNCTYPE(ctypes.c_int32, *map(type, numbers))(self._address)
        status = self._function(*numbers)
        if status:
            raise RuntimeError(f"compiled code ended with status {status}")
        return result.value


def _engine_of(symbols, code):
    """Return LLVM's engine with the object code in it, linked to what it calls."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    process = ctypes.CDLL(None)  # Python's own functions, and the mathematical library's
    for symbol in symbols:
        if symbol.startswith("llvm.") or llvm.address_of_symbol(symbol) is not None:
            continue
        if hasattr(process, symbol):
            llvm.add_symbol(symbol, ctypes.addressof(ctypes.c_char.in_dll(process, symbol)))
        elif symbol.startswith(("numba_", "NRT_")):
            # Named by wrappers that are never called; numba puts its own in these places when it is loaded.
            llvm.add_symbol(symbol, 1)
    machine = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


_ADDRESS = ctypes.c_ssize_t


def _flat(arguments):
    """Yield an argument's numbers as ctypes objects."""
    for argument in arguments:
        if isinstance(argument, tuple):
            yield from _flat(argument)
        elif isinstance(argument, np.ndarray):
            owners = (0, 0)
            numbers = (
                *owners,
                argument.size,
                argument.itemsize,
                argument.ctypes.data,
                *argument.shape,
                *argument.strides,
            )
            yield from map(_ADDRESS, numbers)
        elif isinstance(argument, np.floating):
            yield NUMBERS[argument.dtype](argument)
        elif isinstance(argument, float):
            yield ctypes.c_double(argument)
        else:
            yield _ADDRESS(int(argument))
