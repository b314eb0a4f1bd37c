"""Verdicts over random storage against a model that enumerates every way down to a disk."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.derive.stores import DERIVATION
from auditor.evidence import SCHEMA, CollectorRun, Evidence, Origin, Site, Subject, Tool
from auditor.evidence.storage import BlockDevice, ModelStore, Mount, Swap

ORIGIN = Origin("storage", "sysfs")
RUN = CollectorRun(collector="storage", title="t", kinds=("mount", "swap"), records=0, gaps=0)
ENCRYPTIONS = ("verified", "claimed", "null", "none", "none", "none", "unknown")
PASSES = ("verified", "claimed", "memory-only")
# A claim is worth less than what is proven: to fall back to it is no better verdict.
WORTH = {"claimed": 1, "memory-only": 2, "verified": 2}


def device(number, layer, members, encryption):
    return BlockDevice(
        origin=ORIGIN,
        name=f"d{number}",
        device_number=f"8:{number}",
        layer=layer,
        size=1,
        mapper_name="",
        mapper_uuid="",
        members=members,
        backing_file="",
        encryption=encryption,
        cipher="aes" if encryption == "verified" else "",
        key_bits=0,
        removable=None,
        model="",
    )


@st.composite
def graphs(draw):
    """Devices of which each stands on later ones; some named by others do not exist."""
    count = draw(st.integers(1, 7))
    devices = []
    for number in range(count):
        leaf = number == count - 1 or draw(st.booleans())
        if leaf:
            layer = draw(st.sampled_from(["disk", "disk", "zram", "unknown"]))
            members = draw(st.sampled_from([(), (), None]))
            devices.append(device(number, layer, members, "none"))
            continue
        below = st.integers(number + 1, count).map(lambda n: f"d{n}")
        members = tuple(draw(st.lists(below, min_size=1, max_size=3, unique=True)))
        devices.append(device(number, "linear", members, draw(st.sampled_from(ENCRYPTIONS))))
    return devices


def ways(devices, name):
    """Yield what is met on each way down: the layers' encryptions, then what is at its end."""
    found = devices.get(name)
    if found is None or found.members is None:
        yield [found.encryption if found else "none", "end:unknown"]
        return
    if not found.members:
        end = {"disk": "plaintext", "zram": "memory-only"}.get(found.layer, "unknown")
        yield [found.encryption, f"end:{end}"]
        return
    for member in found.members:
        for way in ways(devices, member):
            yield [found.encryption, *way]


def along(way):
    *layers, end = way
    if "verified" in layers:
        return "verified"
    if "claimed" in layers:
        return "claimed"
    if "unknown" in layers or end == "end:unknown":
        return None
    return end.removeprefix("end:")


def model(devices, name):
    """Return the verdict by plain enumeration: every way must be protected."""
    verdicts = [along(way) for way in ways(devices, name)]
    if "plaintext" in verdicts:
        return "plaintext" if set(verdicts) == {"plaintext"} else "mixed"
    return next(v for v in (None, "claimed", "verified", "memory-only") if v in verdicts)


def evidence(records):
    return Evidence(
        schema=SCHEMA,
        tool=Tool(name="audit", version="0"),
        mode="host",
        subject=Subject(name="host"),
        taken_at="2026-01-01T00:00:00Z",
        site=Site(),
        runs=(RUN,),
        records=tuple(records),
    )


def mount(path, number, mount_id, parent, filesystem="ext4"):
    return Mount(
        origin=ORIGIN,
        device="",
        path=path,
        filesystem=filesystem,
        options=(),
        super_options=(),
        device_number=number,
        root="/",
        mount_id=mount_id,
        parent_id=parent,
    )


def store(path, number=""):
    return ModelStore(
        origin=Origin("stores", path),
        path=path,
        tool="folder",
        discovered_by="option",
        holds="models",
        owner=0,
        writers="",
        files=0,
        size=0,
        complete=True,
        device_number=number,
    )


def verdicts(records):
    return {r.label: r.encryption for r in DERIVATION.derive(evidence(records))}


@settings(max_examples=250, deadline=None)
@given(graphs())
def test_any_stack_of_devices_gets_the_verdict_of_its_weakest_way(devices):
    by_name = {d.name: d for d in devices}
    for subject in devices:
        records = [*devices, mount("/", subject.device_number, 1, 0), store("/m")]
        assert verdicts(records)["/m (models)"] == model(by_name, subject.name)


@st.composite
def machines(draw):
    """Devices, mounts in a tree, stores that lie where their `st_dev` says, and swap."""
    devices = draw(graphs())
    numbers = [d.device_number for d in devices]
    mounts = [mount("/", draw(st.sampled_from(numbers)), 1, 0)]
    for mount_id, path in enumerate(("/a", "/a/b", "/c"), start=2):
        if draw(st.booleans()):
            parent = 2 if path == "/a/b" and any(m.path == "/a" for m in mounts) else 1
            if draw(st.booleans()):
                mounts.append(mount(path, draw(st.sampled_from(numbers)), mount_id, parent))
            else:
                mounts.append(mount(path, f"0:{mount_id}", mount_id, parent, "tmpfs"))
    at = {m.path: m.device_number for m in mounts}
    stores = [
        store("/a/b", at.get("/a/b") or at.get("/a") or at["/"]),
        store("/c", at.get("/c") or at["/"]),
    ]
    swaps = [
        Swap(origin=ORIGIN, path=f"/dev/{d.name}", swap_type="partition", size=1, used=0)
        for d in draw(st.lists(st.sampled_from(devices), max_size=2, unique=True))
    ]
    return [*devices, *mounts, *stores, *swaps]


def hides_nothing(removed, records):
    """A mount over the same device as what lies under it can go unseen, and does no harm."""
    if isinstance(removed, Swap):
        return False  # an area that is not listed is one that is not in use
    if not isinstance(removed, Mount):
        return True
    return not any(
        isinstance(r, Mount) and r is not removed and r.device_number == removed.device_number
        for r in records
    ) and not any(
        isinstance(r, ModelStore) and removed.path.startswith(r.path + "/") for r in records
    )


@settings(max_examples=250, deadline=None)
@given(machines())
def test_removing_a_record_never_makes_a_verdict_better(records):
    before = verdicts(records)
    for removed in records:
        if not hides_nothing(removed, records):
            continue
        after = verdicts([r for r in records if r is not removed])
        for label, verdict in after.items():
            if verdict in PASSES:
                assert WORTH.get(before[label], 0) >= WORTH[verdict], (label, removed)


@settings(max_examples=100, deadline=None)
@given(machines(), st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(records, random):
    shuffled = list(records)
    random.shuffle(shuffled)
    key = msgspec.json.Encoder(order="deterministic").encode
    first = sorted(key(r) for r in DERIVATION.derive(evidence(records)))
    assert first == sorted(key(r) for r in DERIVATION.derive(evidence(shuffled)))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.sampled_from(["disk", "linear", "raid", "loop", "crypt", "zram"]),
            st.lists(st.integers(0, 5).map(lambda n: f"d{n}"), max_size=4).map(tuple),
            st.sampled_from(ENCRYPTIONS),
        ),
        max_size=8,
    )
)
def test_circular_and_contradictory_graphs_end_and_pass_only_with_a_lock_or_memory(rows):
    devices = [device(*row) for row in rows]
    found = verdicts([*devices, mount("/", "8:0", 1, 0), store("/m")])["/m (models)"]
    if found in ("verified", "claimed"):
        assert any(d.encryption == found for d in devices)
