"""Walks a parsed chat template: what it reaches for, what it says, and on what that depends."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from auditor.evidence.models import Verdict
from auditor.formats import _template_words as words
from auditor.formats._template_fold import Strings
from auditor.formats._template_keys import Keys

Judged = tuple[str, Verdict, int, str]
_Known = tuple[Strings, Keys]

_SHOWN = 60
# Beyond this many repetitions a template is there to exhaust who renders it.
_MANY = 100_000
_WRITTEN = frozenset({"content", "text", "prompt", "query", "question", "user_message"})
# Names of parts and fields that templates look for in a message's content.
_PARTS = frozenset({
    "image", "image_url", "images", "text", "video", "video_url", "audio", "audio_url", "type",
    "file", "document", "tool", "tools", "function", "name", "role", "content", "thinking",
    "input_audio", "tool_calls", "tool_call_id", "parameters", "arguments", "output",
    "parts", "blocks", "value",
})  # fmt: skip


def judge(template: nodes.Template) -> Iterator[Judged]:
    """Yield what a template does: rule, verdict, line, and what was seen."""
    every = list(_every(template))
    strings, keys = Strings(every), Keys(every)
    assigned = {n.name for n in every if isinstance(n, nodes.Name) and n.ctx != "load"}
    assigned |= {n.name for n in every if isinstance(n, nodes.Macro)}
    for node in every:
        yield from _reaches(node, (strings, keys), assigned)
        yield from _says(node)
        yield from _depends(node)


def _every(template: nodes.Node) -> Iterator[nodes.Node]:
    """Yield all nodes in the order of the text, without recursion."""
    waiting = [template]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(list(node.iter_child_nodes())))


def _reaches(  # noqa: C901 - one case a kind of node
    node: nodes.Node, known: _Known, assigned: set[str]
) -> Iterator[Judged]:
    line = node.lineno
    strings, _ = known
    match node:
        case nodes.Include() | nodes.Import() | nodes.FromImport() | nodes.Extends():
            yield "template-import", "dangerous", line, "it loads another template"
        case nodes.Name(name=name):
            yield from _name(line, name, assigned)
        case nodes.Getattr(attr=name):
            yield from _attribute(line, name)
        case nodes.Getitem(arg=key):
            yield from _item(line, key, known)
        case nodes.Filter(name=name) | nodes.Test(name=name):
            yield from _filter(node, name, known)
        case nodes.Call(node=target):
            yield from _call(line, target, node.args, strings)
        case nodes.Mul() | nodes.Pow():
            if _huge([node.left, node.right], strings):
                yield "template-exhausts", "unlisted", line, "it multiplies by a huge number"
    if isinstance(node, nodes.Expr) and not isinstance(node, nodes.Const):
        built = strings.fold(node)
        if isinstance(built, str) and words.dunder(built):
            yield "template-escape", "dangerous", line, f"it puts {words.dunder(built)} together"
        elif isinstance(built, str) and "__" in built:
            detail = "it puts a string with two underscores together"
            yield "template-underscores", "unlisted", line, detail


def _huge(numbers: list[nodes.Expr], strings: Strings) -> bool:
    return any(isinstance(n, int) and n > _MANY for n in map(strings.fold, numbers))


def _name(line: int, name: str, assigned: set[str]) -> Iterator[Judged]:
    # What Jinja itself provides is there wherever the template has not assigned the name yet.
    outside = name in words.OUTSIDE_NAMES and name not in assigned
    if outside or name in words.GADGET_OBJECTS or name.startswith("__"):
        yield "template-escape", "dangerous", line, f"it uses {name[:_SHOWN]}"
    elif name in words.UNUSUAL_NAMES and name not in assigned:
        yield "template-outside-name", "unlisted", line, f"it asks for {name}"


def _attribute(line: int, name: str) -> Iterator[Judged]:
    if name.startswith("__") or name in words.GADGET_ATTRIBUTES:
        yield "template-escape", "dangerous", line, f"it reaches for .{name[:_SHOWN]}"
    elif name.startswith("_"):
        yield "template-private-name", "unlisted", line, f"it reaches for .{name[:_SHOWN]}"


def _item(line: int, key: nodes.Node, known: _Known) -> Iterator[Judged]:
    strings, keys = known
    text = strings.fold(key)
    if isinstance(text, str):
        yield from _attribute(line, text)
    elif not isinstance(key, nodes.Slice) and keys.builds(key):
        detail = "a name that is put together from strings is looked up"
        yield "template-computed-name", "unlisted", line, detail


def _filter(node: nodes.Filter | nodes.Test, name: str, known: _Known) -> Iterator[Judged]:
    line = node.lineno
    strings, keys = known
    if name == "attr":
        yield "template-escape", "dangerous", line, "it looks an attribute up by the filter attr"
    if name not in words.ATTRIBUTE_FILTERS:
        return
    named = [k.value for k in node.kwargs if k.key == "attribute"] + node.args[:1]
    for argument in named:
        text = strings.fold(argument)
        if text == "attr":
            yield "template-escape", "dangerous", line, f"it applies the filter attr by {name}"
        elif isinstance(text, str):
            for part in text.split("."):
                yield from _attribute(line, part)
        elif keys.builds(argument):
            detail = "an attribute that is put together from strings is looked up"
            yield "template-computed-name", "unlisted", line, detail


def _call(
    line: int, target: nodes.Node, arguments: list[nodes.Expr], strings: Strings
) -> Iterator[Judged]:
    match target:
        case nodes.Getattr(attr=name) | nodes.Getitem(arg=nodes.Const(value=str() as name)):
            if name in words.GADGET_CALLS:
                yield "template-escape", "dangerous", line, f"it calls .{name}()"
            elif name in ("format", "format_map"):
                pattern = strings.fold(target.node)
                if (
                    not isinstance(pattern, str)
                    or "." in _fields(pattern)
                    or "[" in _fields(pattern)
                ):
                    detail = "a pattern may look attributes up"
                    yield "template-format", "unlisted", line, detail
        case nodes.Name(name="range"):
            if _huge(list(arguments), strings):
                yield "template-exhausts", "unlisted", line, "it counts to a huge number"


def _fields(pattern: str) -> str:
    """Return what stands in the braces of a pattern of `str.format`."""
    return "".join(part.partition("}")[0].partition(":")[0] for part in pattern.split("{")[1:])


def _says(node: nodes.Node) -> Iterator[Judged]:
    match node:
        case nodes.TemplateData(data=text):
            pass
        case nodes.Const(value=str() as text):
            if words.dunder(text):
                yield "template-escape", "dangerous", node.lineno, f"it names {words.dunder(text)}"
            elif "__" in text and not text.strip("_ \n").startswith("<"):
                detail = f"a string with two underscores: {text[:_SHOWN]!a}"
                yield "template-underscores", "unlisted", node.lineno, detail
            if words.hidden(text):
                detail = "a character that is not to be seen is written as a number"
                yield "template-hidden-character", "unlisted", node.lineno, detail
        case _:
            return
    for rule, what, seen in (
        ("template-address", "it holds an address", words.address(text)),
        ("template-markup", "it holds what a browser runs", words.markup(text)),
        ("template-base64", "it holds a long run of base64", words.blob(text)),
        ("template-manipulation", "it tells the model to deceive", words.manipulation(text)),
    ):
        if seen:
            line = node.lineno + text.count("\n", 0, max(text.find(seen), 0))
            yield rule, "unlisted", line, f"{what}: {seen[:_SHOWN]!a}"


def _depends(node: nodes.Node) -> Iterator[Judged]:
    """Yield text that a template adds to what the user wrote, and when."""
    match node:
        case nodes.Compare(expr=nodes.Const(value=str() as word)):
            if any(op.op in ("in", "notin") and _is_written(op.expr) for op in node.ops):
                yield from _trigger(node.lineno, word)
        case nodes.Call(
            node=nodes.Getattr(attr="startswith" | "find" | "count" | "index") as sought
        ):
            if _is_written(sought.node):
                for argument in node.args[:1]:
                    if isinstance(argument, nodes.Const) and isinstance(argument.value, str):
                        yield from _trigger(node.lineno, argument.value)
        case nodes.For() if _over_messages(node.iter):
            yield from _implanted(node.body, "every message")
        case nodes.If() if _asks_for_user(node.test):
            yield from _implanted(node.body, "what the user writes")


def _trigger(line: int, word: str) -> Iterator[Judged]:
    plain = word.strip().lower()
    if (
        len(plain) > len("no")
        and plain.replace(" ", "").isalpha()
        and plain not in _PARTS
        and "think" not in plain
    ):
        detail = f"it looks for a word in what is written: {word[:_SHOWN]!a}"
        yield "template-trigger", "unlisted", line, detail


def _is_written(node: nodes.Node | None) -> bool:
    match node:
        case nodes.Getattr(attr=name) | nodes.Getitem(arg=nodes.Const(value=str() as name)):
            return name in _WRITTEN
        case nodes.Name(name=name):
            return name in _WRITTEN
        case nodes.Filter():
            return _is_written(node.node)
        case nodes.Call(node=nodes.Getattr() as target):
            return _is_written(target.node)
    return False


def _over_messages(node: nodes.Node) -> bool:
    return any(isinstance(n, nodes.Name) and "message" in n.name for n in _every(node))


def _asks_for_user(test: nodes.Node) -> bool:
    return (
        isinstance(test, nodes.Compare)
        and [op.op for op in test.ops] == ["eq"]
        and any(isinstance(n, nodes.Const) and n.value == "user" for n in _every(test))
    )


def _implanted(body: list[nodes.Node], where: str) -> Iterator[Judged]:
    for node in body:
        if not isinstance(node, nodes.Output):
            continue
        for part in _every(node):
            match part:
                case nodes.TemplateData(data=text) | nodes.Const(value=str() as text):
                    if words.sentence(text):
                        detail = f"it adds a sentence to {where}: {text.strip()[:_SHOWN]!a}"
                        yield "template-implant", "unlisted", part.lineno, detail
