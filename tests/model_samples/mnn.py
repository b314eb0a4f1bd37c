from __future__ import annotations

from tests.model_wire import Flat


def sample() -> bytes:
    op = [None, None, None, "op"]
    net = [None, None, None, ("tables", [op]), None, None, ("b", 3), ("tables", ["x", "y"]), None]
    return Flat().build(net)
