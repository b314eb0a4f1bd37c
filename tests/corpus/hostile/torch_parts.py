"""Checkpoints of torch.distributed: several archives end to end, of which one is not what it says."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus._archives import (
    Member,
    archive,
    central,
    end,
    local,
    plain_zip,
    tensor,
    torch_members,
    torch_zip,
    weights,
)  # fmt: skip
from tests.corpus._case import Case
from tests.corpus._ops import attack, built, call, newobj, stream

REFERENCE = "torch/distributed/checkpoint/filesystem.py"


def _hidden() -> Iterator[tuple[str, bytes, str]]:
    good, bad = torch_zip(), torch_zip(attack())
    yield "payload_in_the_first", bad + good + good, "the first archive's pickle makes the call"
    yield "payload_in_the_middle", good + bad + good, "an archive in the middle makes the call"
    yield "payload_in_the_last", good + good + bad, "the last archive's pickle makes the call"
    many = good * 60
    yield "payload_among_many", many + bad + many, "one of a hundred archives makes the call"
    rides = torch_zip(None, attack()[:16].ljust(16, b"."))
    yield "payload_as_numbers", good + rides + good, "a tensor's numbers begin with a pickle"
    yield "payload_between", good + attack() + good, "a pickle lies between two archives"
    yield "payload_behind", good + good + attack(), "a pickle lies behind the last archive"
    yield "payload_before", attack() + good + good, "a pickle lies before the first archive"
    other = plain_zip({"a/data.pkl.bin": attack()})
    yield "plain_archive_within", good + other + good, "one is an archive that torch does not make"
    yield "hole", good + b"\0" * 64 + good, "zeros between two archives, which no reader takes"
    unlisted = archive(*torch_members()[:1], Member(b"archive/x", attack(), listed=False),
                       *torch_members()[1:])  # fmt: skip
    yield "unlisted_member", good + unlisted + good, "a member that only a scan finds"


def _from_the_beginning() -> bytes:
    """Return two archives, of which a reader that does not know where one begins takes neither.

    What counts from the file's beginning, as miniz does, finds a directory among the numbers of
    the first archive, and by it the pickle that lies beside it.
    """
    evil = Member(b"archive/data.pkl", attack())
    where = numbers(local(evil) + central(evil, 0)).index(local(evil))
    first = numbers(local(evil) + central(evil, where))
    begins = where + len(local(evil))
    filler = Member(b"archive/extra/_", b"")
    free = begins - archive(*torch_members(), filler).index(b"PK\1\2")
    last = archive(*torch_members(), filler._replace(data=b"0" * free))
    assert first[begins : begins + 4] == b"PK\1\2" == last[begins : begins + 4]
    return first + last


def _other_end() -> bytes:
    """Return two archives; an end among the last numbers has what is behind it as its comment."""
    evil = Member(b"archive/data.pkl", attack())
    good = torch_zip()

    def made(offset: int, start: int, comment: int) -> bytes:
        entry = central(evil, offset)
        last = end(1, len(entry), start)[:-2] + comment.to_bytes(2, "little")
        return good + numbers(local(evil) + entry + last)

    probe = made(0, 0, 0)
    offset = probe.index(local(evil))
    start = offset + len(local(evil))
    behind = start + len(central(evil, offset)) + 22
    return made(offset, start, len(probe) - behind)


def numbers(data: bytes) -> bytes:
    """Return a checkpoint of one tensor whose numbers are these bytes, behind some of its own."""
    filled = (b"\0" * 600 + data).ljust(600 + len(data) + -len(data) % 4, b"\0")
    count = len(filled) // 4
    return torch_zip(weights({"w": tensor(count, (count,))}), filled)


def _metadata() -> Iterator[tuple[str, bytes, str]]:
    module = "torch.distributed.checkpoint.metadata"
    kept = newobj(module, "BytesStorageMetadata")
    place = built(
        newobj("torch.distributed.checkpoint.filesystem", "_StorageInfo"),
        {"relative_path": "__0_0.distcp", "offset": 700, "length": 99},
    )
    state = {"state_dict_metadata": {"step": kept}, "storage_data": {"step": place}}
    yield (
        "names_a_place_to_unpickle", stream(built(newobj(module, "Metadata"), state)),
        "the loader unpickles what lies at a place in the middle of a tensor",
    )  # fmt: skip
    compared = built(
        newobj(module, "TensorProperties"), (None, None, False, call("fractions", "Fraction"), 0)
    )
    yield "compares_something", stream(compared), "a state whose comparison is somebody else's"


def cases() -> Iterator[Case]:
    for label, data, why in _metadata():
        yield Case(f"torch_metadata_{label}", data, "12", REFERENCE, why)
    for label, data, why in _hidden():
        yield Case(f"torch_parts_{label}", data, "11", REFERENCE, why)
    why = "who counts from the beginning of the file finds another directory"
    yield Case("torch_parts_counted_from_the_beginning", _from_the_beginning(), "4", REFERENCE, why)
    why = "an end among the numbers, whose comment is the rest of the file"
    yield Case("torch_parts_other_end", _other_end(), "4", REFERENCE, why)
