"""Reads the radios of a host: what sysfs shows of Wi-Fi, modems and Bluetooth, and rfkill."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.collect._reading import Reading
from auditor.evidence.channels import Channel
from auditor.evidence.paths import recordable
from auditor.host import Absent, Unreadable

_WIFI = "/sys/class/ieee80211"
_WWAN = "/sys/class/wwan"
_MODEM_PORTS = "/sys/class/usbmisc"
_BLUETOOTH = "/sys/class/bluetooth"
READS = (
    f"{_WIFI}/*",
    f"{_WWAN}/*",
    f"{_MODEM_PORTS}/*",
    f"{_BLUETOOTH}/*",
    "rfkill*/{soft,hard} of each",
)


def radios(reading: Reading) -> Iterator[Channel]:
    """Yield every radio, switched on or not."""
    for folder in entries(reading, _WIFI):
        yield _radio(reading, folder, "wifi")
    for folder in entries(reading, _BLUETOOTH):
        # Connections are listed beside adapters, as `hci0:256`.
        if ":" not in folder.rpartition("/")[2]:
            yield _radio(reading, folder, "bluetooth")
    ports = [path for path in entries(reading, _MODEM_PORTS) if "/cdc-wdm" in path]
    modems = [path for path in entries(reading, _WWAN) if path.rpartition("/")[2][4:].isdecimal()]
    for folder in modems or ports:
        yield _radio(reading, folder, "wwan")


def entries(reading: Reading, folder: str) -> tuple[str, ...]:
    """Return the paths in a class folder of sysfs; a class without devices has no folder."""
    return tuple(f"{folder}/{name}" for name in reading.names(folder, limit=4096))


def attribute(reading: Reading, path: str) -> str | None:
    """Return an attribute's text; `None` where it is absent or refused (then a gap)."""
    try:
        return recordable(reading.host.read(path, limit=4096).decode("utf-8", "replace").strip())
    except Absent:
        return None
    except Unreadable as error:
        # A device that is off refuses some of its attributes.
        if error.reason != "unsupported":
            reading.miss(path, error.reason, error.detail)
        return None


def driver_of(reading: Reading, folder: str) -> str:
    """Return the name of the driver behind a class device, empty where none is told."""
    return reading.linked_name(f"{folder}/device/driver")


def _radio(reading: Reading, folder: str, channel_type: str) -> Channel:
    blocked = _blocked(reading, folder)
    state = {None: "no switch is told", "": "on", "soft": "blocked by software",
             "hard": "blocked by a switch"}[blocked]  # fmt: skip
    return Channel(
        origin=reading.origin(folder),
        channel_type=channel_type,  # type: ignore[arg-type]  # one of the three named above
        name=recordable(folder.rpartition("/")[2]),
        # A radio without a switch cannot be switched off.
        active=blocked in (None, ""),
        state=state,
        driver=driver_of(reading, folder),
    )


def _blocked(reading: Reading, folder: str) -> str | None:
    """Return `hard` or `soft` where rfkill blocks, empty where not, `None` without a switch.

    The switch lies beside the radio, or beside the device that the radio belongs to.
    """
    switches = [
        path
        for place in (folder, f"{folder}/device")
        for path in entries(reading, place)
        if path.rpartition("/")[2].startswith("rfkill")
    ]
    states = [
        (attribute(reading, f"{path}/hard"), attribute(reading, f"{path}/soft"))
        for path in switches
    ]
    if not states:
        return None
    if all(hard == "1" for hard, _ in states):
        return "hard"
    return "soft" if all("1" in pair for pair in states) else ""
