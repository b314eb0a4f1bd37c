"""Only block devices that sysfs lists are opened, and only by name."""

from __future__ import annotations

import pytest

from auditor.host import Absent, Unreadable
from auditor.host._device import device_file, luks_header


def test_a_bang_stands_for_a_slash():
    assert device_file("cciss!c0d0") == "/dev/cciss/c0d0"


@pytest.mark.parametrize("name", ["", ".", "..", "../etc/passwd", "a/b", "a\0b"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(Unreadable) as caught:
        luks_header(name)
    assert caught.value.reason == "malformed"


@pytest.mark.parametrize("name", ["null", "zero", "no-such-device"])
def test_what_sysfs_does_not_list_is_not_opened(name):
    with pytest.raises(Absent):
        luks_header(name)
