from __future__ import annotations

from tests.model_samples._archives import STATE_DICT

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
PROTOCOL = b"\x80\x02M\xe9\x03."
SYSTEM = (
    b"\x80\x02}q\x00(X\x10\x00\x00\x00protocol_versionq\x01M\xe9\x03X\r\x00\x00\x00little_endian"
    b"q\x02\x88X\n\x00\x00\x00type_sizesq\x03}q\x04X\x05\x00\x00\x00shortq\x05K\x02su."
)
KEYS = b"\x80\x02]q\x00X\x01\x00\x00\x000q\x01a."
# Legacy ids have a fifth element: the view, none here.
OBJECT = STATE_DICT.replace(b"K\x02tq\x07Q", b"K\x02Ntq\x07Q")


def sample() -> bytes:
    return MAGIC + PROTOCOL + SYSTEM + OBJECT + KEYS + (2).to_bytes(8, "little") + b"\0" * 8
