from __future__ import annotations


def sample() -> bytes:
    rows = (
        "7767517",
        "2 2",
        "Input            data  0 1 data 0=4 1=4 2=3",
        "InnerProduct     fc    1 1 data out 0=10 1=1 2=480",
    )
    return "\n".join(rows).encode() + b"\n"
