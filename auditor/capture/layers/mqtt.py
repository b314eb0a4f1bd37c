"""MQTT by `scapy.contrib.mqtt`: the topics that are published to and asked for."""

from __future__ import annotations

from collections.abc import Iterator

from scapy.contrib.mqtt import MQTT, MQTTPublish, MQTTSubscribe, MQTTUnsubscribe

from auditor.capture.layers._layer import Did, Layer, dissected

_PUBLISH, _SUBSCRIBE, _UNSUBSCRIBE = 3, 8, 10
_MORE, _MOST_DIGITS = 0x80, 4
_NO_KIND = 0


def _size(data: bytes, at: int) -> int:
    """Return the length (MQTT 3.1.1, 2.2.3): seven bits a byte, the least significant first."""
    length = 0
    if data[at] >> 4 == _NO_KIND:
        return -1
    for digit in range(_MOST_DIGITS):
        place = at + 1 + digit
        if place >= len(data):
            return 0
        length |= (data[place] & ~_MORE) << 7 * digit
        if not data[place] & _MORE:
            return 2 + digit + length
    return -1


def _topic(name: bytes) -> str:
    return "topic " + name.decode("utf-8", "backslashreplace")


def _read(message: bytes, of_client: bool) -> Iterator[Did]:
    packet = dissected(MQTT(message))
    inner = packet.payload
    # What is published tells values to whoever listens: no word of the protocol sets one.
    if packet.type == _PUBLISH and isinstance(inner, MQTTPublish):
        way = "" if of_client else " (from the broker)"
        yield Did("other", f"publish{way}", (_topic(inner.topic),))
    elif packet.type == _SUBSCRIBE and isinstance(inner, MQTTSubscribe):
        yield Did("read", "subscribe", tuple(_topic(one.topic) for one in inner.topics))
    elif packet.type == _UNSUBSCRIBE and isinstance(inner, MQTTUnsubscribe):
        yield Did("other", "unsubscribe", tuple(_topic(one.topic) for one in inner.topics))


LAYER = Layer(size=_size, read=_read)
