"""Unit files of any content: a service or none, never a crash."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from auditor.collect import Options, load
from auditor.evidence import Gap, Record
from auditor.host import Absent

UNIT = "/etc/systemd/system/x.service"
LINES = st.sampled_from([
    "[Service]", "[Unit]", "ExecStart=", "ExecStart=/usr/bin/vllm serve m", "ExecStart=@", "ExecStart=@a",
    "ExecStart=-@!+|:ollama x serve", "ExecStart='", 'ExecStart="vllm" $A ${B} ${', "Environment=A=1 B='",
    "Environment=", "EnvironmentFile=/%i", "EnvironmentFile=*", "PassEnvironment=A 'B", "UnsetEnvironment==",
    "\\", "ExecStart=sh -c 'vllm serve $$A ${B}'", "ExecStart=vllm serve \\", "--host ${A}",
])  # fmt: skip


class OneUnit:
    """A host of one unit and one process."""

    uid = 0
    privileged = True

    def __init__(self, text: str) -> None:
        self._text = text

    def list(self, path: str, *, limit: int = 0) -> tuple[str, ...]:
        if path == "/etc/systemd/system":
            return ("x.service",)
        if path == "/proc":
            return ("1",)
        raise Absent(path)

    def read(self, path: str, *, limit: int = 0, head: bool = False) -> bytes:
        if path == UNIT:
            return self._text.encode("utf-8", "surrogatepass")
        if path == "/proc/1/cgroup":
            return b"0::/init.scope\n"
        raise Absent(path)

    stat = readlink = read


@given(st.one_of(st.text(max_size=300), st.lists(LINES, max_size=12).map("\n".join)))
def test_any_unit_gives_records_or_gaps(text: str) -> None:
    facts = list(load("units").collect(OneUnit(text), Options()))  # type: ignore[arg-type]
    assert all(isinstance(fact, Record | Gap) for fact in facts)
