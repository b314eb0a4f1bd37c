"""The header of a volume in use is found wherever below its mapping it lies."""

from __future__ import annotations

import pytest

from auditor.collect._luks_headers import headers
from auditor.collect._reading import Reading
from auditor.evidence import Origin
from auditor.evidence.storage import BlockDevice
from auditor.evidence.volumes import LuksFacts, LuksKeyslot, LuksSegment
from auditor.host import Absent, Unreadable

FACTS = LuksFacts(
    version=2, key_bits=512,
    segments=(LuksSegment(segment_type="crypt", cipher="aes-xts-plain64", sector_size=512, integrity=""),),
    keyslots=(LuksKeyslot(slot=0, kdf="argon2id", hash="", memory=1, passes=1, cpus=1, iterations=0, token=""),),
    damaged_copies=1,
)  # fmt: skip


class Headers:
    """A host whose devices have headers, or refuse to be opened."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def luks_header(self, device):
        self.asked.append(device)
        answer = self.answers.get(device, Absent(f"/dev/{device}"))
        if isinstance(answer, Exception):
            raise answer
        return answer


def device(name, layer="disk", members=(), uuid="", mapper=""):
    return BlockDevice(
        origin=Origin("storage", f"/sys/class/block/{name}"), name=name, device_number="8:0",
        layer=layer, size=1, mapper_name=mapper or (name if uuid else ""), mapper_uuid=uuid,
        members=members, backing_file="", encryption="none", cipher="", key_bits=0, removable=False,
        model="",
    )  # fmt: skip


def found(host, *devices):
    reading = Reading(host, "storage", "luks_header")
    records = list(headers(host, devices, reading))
    return records, [(gap.reason, gap.count) for gap in reading.gaps()]


LUKS = device("dm-0", "crypt", ("sda",), "CRYPT-LUKS2-0123-data", "data")


def test_below_the_mapping():
    records, gaps = found(Headers(sda=FACTS), LUKS, device("sda"))
    assert gaps == []
    assert [(r.label, r.detached, r.version, r.damaged_copies) for r in records] == [
        ("data (sda)", False, 2, 1)
    ]
    assert records[0].keyslots == FACTS.keyslots


@pytest.mark.parametrize("uuid", ["CRYPT-SUBDEV-01-data_dif", "CRYPT-INTEGRITY-01-data_dif"])
def test_below_the_helpers_of_the_mapping(uuid):
    top = device("dm-1", "crypt", ("dm-0",), "CRYPT-LUKS2-0123-data", "data")
    records, gaps = found(
        Headers(sda=FACTS), top, device("dm-0", "integrity", ("sda",), uuid), device("sda")
    )
    assert ([r.device for r in records], gaps) == (["sda"], [])


def test_not_below_another_layer():
    """What lies under a logical volume is another volume's header, not this one's."""
    top = device("dm-1", "crypt", ("dm-0",), "CRYPT-LUKS2-0123-data", "data")
    host = Headers(sda=FACTS)
    records, _ = found(host, top, device("dm-0", "linear", ("sda",), "LVM-abc"), device("sda"))
    assert [r.detached for r in records] == [True]
    assert host.asked == ["dm-0"]


def test_a_claim_without_a_header_is_detached_and_tells_nothing():
    records, gaps = found(Headers(), LUKS, device("sda"))
    assert [(r.detached, r.keyslots, r.segments, r.requirements) for r in records] == [
        (True, None, None, None)
    ]
    assert gaps == []


def test_a_refusal_is_a_gap_and_no_record_that_nothing_is_there():
    refused = Unreadable("/dev/sda", "denied", "permission denied")
    more = device("dm-1", "crypt", ("sdb",), "CRYPT-LUKS1-9-logs", "logs")
    records, gaps = found(Headers(sda=refused, sdb=refused), LUKS, more)
    assert (records, gaps) == ([], [("denied", 2)])


def test_a_mapping_of_which_nothing_below_is_known_is_a_gap():
    records, gaps = found(Headers(), device("dm-0", "crypt", None, "CRYPT-LUKS2-0-a", "a"))
    assert (records, gaps) == ([], [("malformed", 1)])


def test_idle_devices_and_other_kinds_of_mappings_are_not_opened():
    host = Headers()
    others = [
        device("dm-0", "crypt", ("sda",), "CRYPT-PLAIN-swap"),
        device("dm-1", "verity", ("sda",), "CRYPT-VERITY-1-usr"),
        device("dm-2", "linear", ("sda",), "LVM-abc"),
        device("sda"),
        device("sdb"),
    ]
    assert found(host, *others) == ([], [])
    assert host.asked == []


def test_a_mapping_that_encrypts_without_a_name_of_cryptsetups_is_looked_below():
    by_hand = device("dm-0", "crypt", ("sda",), "", "by-hand")
    assert [r.device for r in found(Headers(sda=FACTS), by_hand)[0]] == ["sda"]
    assert found(Headers(), by_hand) == ([], [])


def test_helpers_that_lead_in_a_circle_end():
    one = device("dm-1", "mapper", ("dm-2",), "CRYPT-SUBDEV-1-a")
    two = device("dm-2", "mapper", ("dm-1",), "CRYPT-SUBDEV-2-b")
    top = device("dm-0", "crypt", ("dm-1",), "CRYPT-LUKS2-0-a", "a")
    records, _ = found(Headers(), top, one, two)
    assert [r.detached for r in records] == [True]
