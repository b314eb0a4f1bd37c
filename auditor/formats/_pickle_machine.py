"""A pickle machine that runs nothing: a stack, a memo and literals kept by their place.

It follows CPython's `_pickle.c` (3.11 to 3.14).
"""

from __future__ import annotations

from auditor.formats import Context, Inspection, View
from auditor.formats._budget import MAX_HELD
from auditor.formats._pickle_embedded import deeper, prefixed, what_is_in
from auditor.formats._pickle_globals import Names
from auditor.formats._pickle_reader import Broken, Reader
from auditor.formats._pickle_values import OPAQUE, Encoded, Line, Obj, Quoted, Raw, Text
from auditor.formats._view import Memory, Part

KEPT = 1024
# Picklers number the memo without holes (Python 2's from 1 on); readers in C make room up to the
# number that is said.
_HOLE = 1024
UNSET = object()
VALIDATED = 1 << 20
_SHORTEST_EMBEDDED = 12
# Steps that one look into a literal or a file within cost at least.
_LOOK = 20
_NESTED = 2000
_BYTES = ("builtins.bytes", "builtins.bytearray")


class Machine(Reader):
    """The state of one reading; handlers of opcodes change it, `note` keeps what they find.

    `torch` allows the persistent ids of PyTorch's containers; `joblib` follows the arrays that
    lie between the opcodes. `plain` readings do more than the opcodes of a machine.
    """

    plain = False

    def __init__(
        self, view: View, context: Context, *, start: int, torch: bool, joblib: bool
    ) -> None:
        """Stand at byte `start` of the view with an empty stack."""
        super().__init__(view, context, start)
        self.torch = torch
        self.joblib = joblib and not torch
        self.stack: list[object] = []
        self.marks: list[int] = []
        self.fence = 0
        self.memo: list[object] = []
        self.holes = 0
        self.names = Names()
        # Whether every reader stopped before anything was imported, at something that is no number.
        self.refused = False
        self.calls = 0
        self.tensors = 0
        self.arrays = 0
        self.wrapped = 0
        self.elements: dict[str, int] = {}
        self.storages: dict[str, tuple[str, int, int, int]] = {}
        self.untyped: dict[str, tuple[str, int]] = {}

    def count(self, dtype: str, number: int) -> None:
        """Count elements of a number type, for the facts."""
        self.elements[dtype] = self.elements.get(dtype, 0) + number

    # The stack

    def pop(self) -> object:
        """Take the topmost value."""
        if len(self.stack) <= self.fence:
            raise Broken("pickle-stack", "a value is taken from an empty stack")
        return self.stack.pop()

    def top(self) -> object:
        """Return the topmost value, which stays."""
        if len(self.stack) <= self.fence:
            raise Broken("pickle-stack", "a value is asked of an empty stack")
        return self.stack[-1]

    def mark(self) -> None:
        """Set a mark."""
        self.fence = len(self.stack)
        self.marks.append(self.fence)

    def unmark(self) -> int:
        """Take the last mark away and return where it stood."""
        if not self.marks:
            raise Broken("pickle-stack", "a mark is asked for where none is set")
        place = self.marks.pop()
        self.fence = self.marks[-1] if self.marks else 0
        return place

    def since_mark(self) -> list[object]:
        """Take the values that were put since the last mark, and the mark."""
        place, stack = self.unmark(), self.stack
        values = stack[place:]
        del stack[place:]
        return values

    # The memo

    @property
    def memorized(self) -> int:
        """How many values are remembered."""
        return len(self.memo) - self.holes

    def put(self, index: int) -> None:
        """Remember the topmost value under a number."""
        value = self.top()
        memo = self.memo
        if index == len(memo):
            memo.append(value)
        elif index < len(memo):
            if memo[index] is not UNSET:
                memo[index] = value
                return
            memo[index] = value
            self.holes -= 1
        else:
            if index > 2 * self.memorized + _HOLE:
                raise Broken("pickle-memo", f"the memo's number {index} leaves a hole")
            self.holes += index - len(memo)
            memo.extend([UNSET] * (index - len(memo)))
            memo.append(value)

    def get(self, index: int) -> None:
        """Put what is remembered under a number."""
        value = self.memo[index] if index < len(self.memo) else UNSET
        if value is UNSET:
            raise Broken("pickle-memo", f"the memo's number {index} was never set")
        self.stack.append(value)

    # Literals

    def text(self, count: int) -> None:
        """Put a text of `count` bytes of UTF-8."""
        if count > KEPT:
            self.stack.append(self._long_text(count))
            return
        raw = self.take(count)
        if count >= _SHORTEST_EMBEDDED and prefixed(raw):
            self.embedded(raw)
        self.stack.append(self.decoded(raw))

    def decoded(self, raw: bytes) -> str:
        """Return a text; readers refuse what is not UTF-8 (lone surrogates are)."""
        try:
            return raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise Broken("pickle-literal", "a text is not UTF-8") from None

    def _long_text(self, count: int) -> Text:
        start = self.skip(count)
        if count <= VALIDATED:
            raw = self.view.at(start, count)
            self.decoded(raw)
            self.embedded_if_prefixed(raw)
        return Text(start, count)

    def raw(self, count: int) -> None:
        """Put `count` bytes, by their place."""
        start = self.position
        if count <= KEPT:
            data = self.take(count)
        else:
            self.skip(count)
            data = self.view.at(start, 16)
            if prefixed(data):
                data = self.view.at(start, min(count, VALIDATED))
        if count >= _SHORTEST_EMBEDDED and prefixed(data):
            self.embedded(data)
        self.stack.append(Raw(start, count))

    def short_bytes(self, value: object, most: int = KEPT) -> bytes | None:
        """Return the bytes of a value that is some, `None` where it is none or longer."""
        if isinstance(value, Encoded):
            value = value.text
        if isinstance(value, str):
            return value.encode("latin-1", "replace") if len(value) <= most else None
        if isinstance(value, Raw) and value.length <= most:
            return self.view.at(value.offset, value.length)
        return None

    def embedded(self, raw: bytes) -> None:
        """Look whether a literal is a pickle of its own: harmless here, not where it is loaded."""
        self.charge(_LOOK)
        found = what_is_in(raw, self.context)
        if found:
            self.note("pickle-embedded", "unlisted", f"a literal holds a pickle: {found}")

    def opaque(self) -> None:
        """Put a value that nothing is known of."""
        self.stack.append(OPAQUE)

    def empty(self, container: list[object]) -> None:
        """Put an empty list, dict or set, which costs two steps: it takes most memory."""
        self.charge(1)
        self.stack.append(container)

    def embedded_if_prefixed(self, raw: bytes) -> None:
        """Look into a literal that begins as a pickle or an encoded one."""
        if len(raw) >= _SHORTEST_EMBEDDED and prefixed(raw):
            self.embedded(raw)

    # What lies within

    def nested(self, value: object, member: str) -> Inspection | None:
        """Return what the file is that literal bytes hold; its reasons become this stream's."""
        self.charge(_NESTED)
        view = self._view_of(value)
        if view is None:
            self.note("pickle-nested", "not-inspectable", "a file within is too large to look at")
            return None
        found = self.context.nested(view, f"{member}@{self.opcode_at}")
        if found is None:
            self.note("pickle-nested", "malformed", "what is loaded from bytes is no file known")
            return None
        self.take_over(found.verdict, found.reasons)
        self.names.unlisted.update(found.unlisted)
        if found.header.parameters:
            self.count(found.header.precision or "?", found.header.parameters)
        return found

    def _view_of(self, value: object) -> View | None:
        if isinstance(value, str):
            return Memory(value.encode("latin-1", "replace"))
        if isinstance(value, Encoded):
            text = self._written(value.text) if isinstance(value.text, Text) else value.text
            if text is None:
                return None
            codec = "latin-1" if "1" in value.codec else "utf-8"
            return Memory(text.encode(codec, "replace"))
        if isinstance(value, Quoted):
            raw = self._unquoted(value)
            return None if raw is None else Memory(raw)
        return Part(self.view, value.offset, value.length) if isinstance(value, Raw) else None

    def _written(self, text: Text) -> str | None:
        """Return a text that is kept by its place, `None` for one that is too long."""
        from auditor.formats._pickle_literals import with_escapes

        if text.length > MAX_HELD:
            return None
        raw = self.view.at(text.offset, text.length)
        self.charge(len(raw) >> 9)
        return with_escapes(raw) if isinstance(text, Line) else self.decoded(raw)

    def _unquoted(self, text: Quoted) -> bytes | None:
        from auditor.formats._pickle_literals import unescaped

        if text.length > MAX_HELD:
            return None
        self.charge(text.length >> 9)
        return unescaped(self.view.at(text.offset, text.length))

    def inner(self, what: str) -> None:
        """Read a pickle that lies here by itself (joblib's arrays of objects), and go on behind."""
        from auditor.formats._pickle import examine

        context = deeper(self.context)
        if context is None:
            self.note("limit-depth", "not-inspectable", f"{what} lie too deep")
            self.broken("pickle-nested", f"{what} are not read")
        found = examine(self.view, context, start=self.position, joblib=False)
        self.take_over(found.verdict, found.reasons)
        self.names.take_over(found.globals, found.unlisted)
        self.calls += found.calls
        if found.end < 0:
            self.broken("pickle-nested", f"{what} have no end")
        self.jump(found.end)

    def read_differently(self, begin: int, *, numbers: bool) -> None:
        """Look whether an array's bytes do something for whoever does not know of the array."""
        from auditor.formats._pickle_fork import other_reading

        self.charge(_LOOK)
        found = other_reading(self, begin, numbers=numbers)
        if found:
            self.note(
                "joblib-array", "dangerous", "an array's bytes do more if they are read as opcodes",
                global_name=found,
            )  # fmt: skip

    def bytes_in(self, value: object) -> int | None:
        """Return how many bytes a value has, -1 where that is not known, `None` for no bytes."""
        if isinstance(value, Obj) and value.made_by.full in _BYTES:
            return self.bytes_in(value.facts) if value.facts is not None else -1
        if isinstance(value, Encoded):
            value = value.text
        if isinstance(value, (Line, Quoted)):
            return value.letters
        if isinstance(value, str):
            return len(value)
        if isinstance(value, Text):
            return -1
        return value.length if isinstance(value, Raw) else None
