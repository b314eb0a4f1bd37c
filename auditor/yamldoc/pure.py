"""PyYAML's pure Python parser, for a build of PyYAML without libyaml."""

from __future__ import annotations

from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner


class PureParser(Reader, Scanner, Parser):
    """Reader, scanner and parser in one, without composer, resolver or constructor."""

    def __init__(self, text: str) -> None:
        """Take the text of a stream."""
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
