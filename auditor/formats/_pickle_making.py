"""What the opcodes do that import, call and build: names, instances, states."""

from __future__ import annotations

from auditor.formats._pickle_calls import build, call
from auditor.formats._pickle_machine import Machine
from auditor.formats._pickle_reader import Broken
from auditor.formats._pickle_values import Dict, Global, Raw, Text, tuple_of


def global_line(machine: Machine) -> None:
    """Import what two lines name, which takes as long as two opcodes."""
    machine.charge(1)
    module, name = machine.line(), machine.line()
    if not module or not name:
        raise Broken("pickle-literal", "an import has no name")
    machine.stack.append(
        machine.names.find(machine, machine.decoded(module), machine.decoded(name))
    )


def stack_global(machine: Machine) -> None:
    """Import what two texts on the stack name."""
    name, module = machine.pop(), machine.pop()
    if isinstance(name, str) and isinstance(module, str):
        machine.stack.append(machine.names.find(machine, module, name))
        return
    if isinstance(name, (Text, Raw)) or isinstance(module, (Text, Raw)):
        detail = "what is imported is named by bytes or a very long text"
    else:
        detail = "what is imported is named by no literal text"
    machine.note("pickle-global-name", "dangerous", detail)
    machine.opaque()


def instance(machine: Machine) -> None:
    """Make an instance of the class that two lines name."""
    module, name = machine.line(), machine.line()
    arguments = tuple_of(machine.since_mark())
    if not (module.isascii() and name.isascii() and module and name):
        raise Broken("pickle-literal", "an import has no name")
    named = machine.names.find(machine, module.decode("ascii"), name.decode("ascii"))
    machine.stack.append(_instantiated(machine, named, arguments))


def object_of_class(machine: Machine) -> None:
    """Make an instance of the class at the mark."""
    values = machine.since_mark()
    if not values:
        raise Broken("pickle-stack", "an object has no class")
    machine.stack.append(_instantiated(machine, values[0], tuple_of(values[1:])))


def _instantiated(machine: Machine, made: object, arguments: tuple[object, ...]) -> object:
    """Return an instance of protocol 0 or 1: without arguments a class is made, not called."""
    entry = made.entry if isinstance(made, Global) else None
    new = not arguments and entry is not None and entry.new
    return call(machine, made, arguments, new=new)


def reduce(machine: Machine) -> None:
    """Call what lies below the arguments."""
    stack = machine.stack
    if len(stack) - machine.fence > 1:
        arguments = stack.pop()
        stack[-1] = call(machine, stack[-1], arguments)
    else:
        arguments, callee = machine.pop(), machine.pop()
        stack.append(call(machine, callee, arguments))


def new_object(machine: Machine) -> None:
    """Make an object without calling its constructor."""
    arguments, made = machine.pop(), machine.pop()
    machine.stack.append(call(machine, made, arguments, new=True))


def new_object_ex(machine: Machine) -> None:
    """Make an object with named arguments, too."""
    keywords, arguments, made = machine.pop(), machine.pop(), machine.pop()
    if type(keywords) is not Dict or keywords:
        name = made.full if isinstance(made, Global) else ""
        machine.note(
            "pickle-call-arguments", "malformed", "an object is made with named arguments",
            global_name=name,
        )  # fmt: skip
    machine.stack.append(call(machine, made, arguments, new=True))


def build_state(machine: Machine) -> None:
    """Give an object its state."""
    stack = machine.stack
    if len(stack) - machine.fence > 1:
        state = stack.pop()
        build(machine, stack[-1], state)
    else:
        state = machine.pop()
        build(machine, machine.top(), state)
