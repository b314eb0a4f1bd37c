"""Reads a CEL expression into a tree, so that a rule's mistakes show when it is loaded."""

from __future__ import annotations

import re

from msgspec import Struct

# The library bounds nesting too; ours comes first, so that the tree is always walkable.
MAX_LENGTH = 2_000
MAX_DEPTH = 40


class ExpressionError(Exception):
    """An expression is wrong: `what` in words, `offset` in characters from 0, and a `hint`."""

    def __init__(self, what: str, offset: int = 0, hint: str = "") -> None:
        """Keep the sentence, the place and the hint."""
        super().__init__(what)
        self.what = what
        self.offset = offset
        self.hint = hint


class Node(Struct, frozen=True, kw_only=True):
    """A part of an expression; `offset` is where it begins."""

    offset: int


class Literal(Node, frozen=True, kw_only=True):
    """A constant."""

    value: str | int | float | bool | None


class Name(Node, frozen=True, kw_only=True):
    """A variable."""

    name: str


class Field(Node, frozen=True, kw_only=True):
    """`target.name`."""

    target: Node
    name: str


class Index(Node, frozen=True, kw_only=True):
    """`target[key]`."""

    target: Node
    key: Node


class Call(Node, frozen=True, kw_only=True):
    """`function(arguments)`, or `target.function(arguments)`."""

    function: str
    target: Node | None
    arguments: tuple[Node, ...]


class ListOf(Node, frozen=True, kw_only=True):
    """`[items]`."""

    items: tuple[Node, ...]


class Unary(Node, frozen=True, kw_only=True):
    """`!operand` or `-operand`."""

    operator: str
    operand: Node


class Binary(Node, frozen=True, kw_only=True):
    """`left operator right`."""

    operator: str
    left: Node
    right: Node


class Ternary(Node, frozen=True, kw_only=True):
    """`condition ? yes : no`."""

    condition: Node
    yes: Node
    no: Node


class _Token(Struct, frozen=True):
    """A word of the expression: its sort, its text and where it stands."""

    sort: str
    text: str
    offset: int


# Strings in one line, without raw, byte or triple-quoted forms: no rule needs them.
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
    |(?P<number>\d+\.\d+|\d+)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<operator>\|\||&&|==|!=|<=|>=|[<>+\-*/%!?:.,()\[\]])""",
    re.VERBOSE | re.ASCII,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
# CEL's precedence (language definition, "Syntax"), weakest first.
_BINARY = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))


def parse(source: str) -> Node:
    """Return the tree of `source`; raises `ExpressionError`."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"the expression is longer than {MAX_LENGTH} characters")
    parser = _Parser(_tokens(source), len(source))
    tree = parser.ternary(0)
    parser.expect_end()
    return tree


def _tokens(source: str) -> tuple[_Token, ...]:
    """Return the words of `source`."""
    found = []
    offset = 0
    while offset < len(source):
        match = _TOKEN.match(source, offset)
        if match is None:
            raise ExpressionError(f"{source[offset]!r} has no meaning here", offset)
        if match.lastgroup and match.lastgroup != "space":
            found.append(_Token(match.lastgroup, match.group(), offset))
        offset = match.end()
    return tuple(found)


def _unquoted(token: _Token) -> str:
    """Return the text that a string token stands for."""

    def replaced(match: re.Match[str]) -> str:
        """Return what one escape stands for."""
        escaped = match.group(1)
        if escaped not in _ESCAPES:
            raise ExpressionError(f"the escape \\{escaped} is not known", token.offset)
        return _ESCAPES[escaped]

    return re.sub(r"\\(.)", replaced, token.text[1:-1])


class _Parser:
    """Walks the words once, from left to right."""

    def __init__(self, tokens: tuple[_Token, ...], end: int) -> None:
        """Begin at the first word."""
        self._tokens = tokens
        self._at = 0
        self._end = _Token("end", "the end", end)

    def _peek(self) -> _Token:
        """Return the word that comes next."""
        return self._tokens[self._at] if self._at < len(self._tokens) else self._end

    def _next(self) -> _Token:
        """Return the word that comes next, and go past it."""
        token = self._peek()
        self._at += 1
        return token

    def _accept(self, *texts: str) -> _Token | None:
        """Return the next word and go past it where it is one of `texts`."""
        token = self._peek()
        return self._next() if token.sort in ("operator", "name") and token.text in texts else None

    def _expect(self, text: str) -> None:
        """Go past `text`."""
        if not self._accept(text):
            token = self._peek()
            raise ExpressionError(f"'{text}' is due here, not {token.text}", token.offset)

    def expect_end(self) -> None:
        """Raise where words are left over."""
        token = self._peek()
        if token is not self._end:
            raise ExpressionError(f"{token.text} has no meaning here", token.offset)

    def ternary(self, depth: int) -> Node:
        """Return a whole expression."""
        if depth > MAX_DEPTH:
            raise ExpressionError(f"nested deeper than {MAX_DEPTH}", self._peek().offset)
        condition = self._binary(0, depth + 1)
        if not self._accept("?"):
            return condition
        yes = self._binary(0, depth + 1)
        self._expect(":")
        no = self.ternary(depth + 1)
        return Ternary(offset=condition.offset, condition=condition, yes=yes, no=no)

    def _binary(self, level: int, depth: int) -> Node:
        """Return operands joined by operators of `level` or a stronger one."""
        if level == len(_BINARY):
            return self._unary(depth)
        left = self._binary(level + 1, depth)
        joined = 0
        while operator := self._accept(*_BINARY[level]):
            joined += 1
            if joined > MAX_DEPTH:
                raise ExpressionError(f"more than {MAX_DEPTH} operands", operator.offset)
            right = self._binary(level + 1, depth)
            left = Binary(offset=left.offset, operator=operator.text, left=left, right=right)
        return left

    def _unary(self, depth: int) -> Node:
        """Return an operand with its sign."""
        operator = self._accept("!", "-")
        if not operator:
            return self._postfix(self._primary(depth), depth)
        if self._peek().text in ("!", "-"):
            raise ExpressionError("two signs in a row", self._peek().offset)
        return Unary(offset=operator.offset, operator=operator.text, operand=self._unary(depth + 1))

    def _postfix(self, target: Node, depth: int) -> Node:
        """Return `target` with the fields, indexes and calls that follow it."""
        for _ in range(MAX_DEPTH):
            if self._accept("."):
                target = self._member(target, depth)
            elif opening := self._accept("["):
                key = self.ternary(depth + 1)
                self._expect("]")
                target = Index(offset=opening.offset, target=target, key=key)
            else:
                return target
        raise ExpressionError(f"more than {MAX_DEPTH} steps in a row", target.offset)

    def _member(self, target: Node, depth: int) -> Node:
        """Return the field or method of `target` that is named next."""
        token = self._next()
        if token.sort != "name":
            raise ExpressionError(f"a field's name is due here, not {token.text}", token.offset)
        if self._accept("("):
            return Call(
                offset=token.offset,
                function=token.text,
                target=target,
                arguments=self._list(")", depth),
            )
        return Field(offset=token.offset, target=target, name=token.text)

    def _primary(self, depth: int) -> Node:
        """Return a constant, a name, a call, a list or an expression in brackets."""
        token = self._next()
        if token.sort == "string":
            return Literal(offset=token.offset, value=_unquoted(token))
        if token.sort == "number":
            number = float(token.text) if "." in token.text else int(token.text)
            return Literal(offset=token.offset, value=number)
        if token.sort == "name":
            return self._named(token, depth)
        if token.text == "(":
            inner = self.ternary(depth + 1)
            self._expect(")")
            return inner
        if token.text == "[":
            return ListOf(offset=token.offset, items=self._list("]", depth))
        raise ExpressionError(f"a value is due here, not {token.text}", token.offset)

    def _named(self, token: _Token, depth: int) -> Node:
        """Return a word constant, a variable or a call of a function."""
        if token.text in _WORDS:
            return Literal(offset=token.offset, value=_WORDS[token.text])
        if self._accept("("):
            return Call(
                offset=token.offset,
                function=token.text,
                target=None,
                arguments=self._list(")", depth),
            )
        return Name(offset=token.offset, name=token.text)

    def _list(self, closing: str, depth: int) -> tuple[Node, ...]:
        """Return expressions up to `closing`, parted by commas."""
        items: list[Node] = []
        if self._accept(closing):
            return ()
        while True:
            items.append(self.ternary(depth + 1))
            if self._accept(closing):
                return tuple(items)
            self._expect(",")
