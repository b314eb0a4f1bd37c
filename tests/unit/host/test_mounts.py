"""Which mounts may hang is known by text alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.host._mounts import Mounts, manner_of, parse

LINES = """\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
22 27 0:21 / /proc rw shared:5 master:1 - proc proc rw
40 27 0:40 / /srv/a\\040b rw - nfs4 server:/x rw
41 27 0:41 / /home rw - autofs auto rw
42 41 0:42 / /home/u rw - nfs server:/u rw
43 27 0:43 / /data rw - fuse.gocryptfs x rw
44 27 0:44 / /opt/in rw - ext4 /dev/vdb rw
45 27 0:45 / /opt rw - nfs server:/opt rw
broken line
"""


def manner(path, text=LINES):
    return Mounts(parse(text)).find(path).manner


def test_manners():
    assert manner("/etc/passwd") == "local"
    assert manner("/proc/1/stat") == "kernel"
    assert manner("/srv/a b/c") == "remote"
    assert manner("/srv/a") == "local"
    assert manner("/home") == manner("/home/v") == "automount"
    assert manner("/home/u/x") == "remote"
    assert manner("/data/x") == "remote"
    assert manner("/database") == "local"


def test_a_later_mount_over_a_shorter_prefix_may_hide():
    assert manner("/opt/in/x") == "remote"


def test_the_last_of_several_at_one_place_decides():
    text = LINES + "46 27 0:46 / /data rw - ext4 /dev/vdc rw\n"
    assert manner("/data/x", text) == "local"


def test_unknown_kinds_and_no_table_are_careful():
    assert manner_of("wekafs") == manner_of("") == "remote"
    assert manner("/etc", "") == "remote"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300), st.text(alphabet="/ab.", max_size=20))
def test_any_text_is_read(text, path):
    Mounts(parse(text)).find("/" + path)


def test_a_mount_point_with_line_ends_of_its_own_is_one_line() -> None:
    """The kernel escapes the newline alone: cut there, a dead FUSE mount would look local."""
    for inside in "\x0b\x0c\x1c\x85\u2028":
        found = parse(f"1 0 0:9 / /a{inside}b rw - fuse.x x rw\n")
        assert [(point.path, point.manner) for point in found] == [(f"/a{inside}b", "remote")]
