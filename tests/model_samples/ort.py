from __future__ import annotations

from tests.model_wire import Flat


def sample() -> bytes:
    weight = ["w", None, ("vector", "q", (2, 3)), ("i", 1), b"\0" * 24]
    node = ["n", None, None, ("i", 13), None, "MatMul"]
    graph = [("tables", [weight]), None, ("tables", [node])]
    entry = ["license", "MIT"]
    model = [("q", 8), None, "own", "1.0", None, None, None, graph, None, ("tables", [entry])]
    return Flat(b"ORTM").build(["6", model])
