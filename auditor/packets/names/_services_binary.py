"""Applications over TCP whose first payload has a binary header that can be checked."""

from __future__ import annotations

from functools import partial
from struct import unpack_from

from auditor.packets.candidates import TCP
from auditor.packets.names._ber import element
from auditor.packets.names._service import Verdict, service

_SMB = (b"\xffSMB", b"\xfeSMB", b"\xfdSMB", b"\xfcSMB")
# LDAP operations (RFC 4511, 4.2 and on), Kerberos messages (RFC 4120, 5.10).
_LDAP = frozenset({0x60, 0x61, 0x42, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x4A, 0x77, 0x78})
_KERBEROS = frozenset({0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x7E})
_POSTGRES = frozenset({0x00030000, 0x00030002, 80877102, 80877103, 80877104})
_MONGO = frozenset({1, 2001, 2002, 2004, 2005, 2006, 2007, 2010, 2011, 2012, 2013})
_DCE_KINDS = frozenset({0, 2, 3, 11, 12, 13, 14, 15, 16})


def _smb(data: bytes) -> bool:
    return data[:1] == b"\0" and data[4:8] in _SMB


def _session(data: bytes) -> bool:
    # RFC 1002, 4.3: a session request with two names of 34 bytes.
    return data[:4] == b"\x81\0\0\x44" and data[4:5] == b"\x20"


def _smb_secrecy(data: bytes) -> Verdict:
    if data[4:8] == b"\xfdSMB":
        return True, "SMB 3: its messages are encrypted"
    return None, "SMB: later messages may be encrypted (SMB 3) or not; the first are clear"


def _ldap(data: bytes) -> bool:
    whole = element(data, 0)
    if whole is None or whole.tag != 0x30 or whole.end < len(data):  # noqa: PLR2004
        return False
    number = element(data, whole.start)
    if number is None or number.tag != 2 or not 1 <= number.end - number.start <= 4:  # noqa: PLR2004
        return False
    return data[number.end : number.end + 1] != b"" and data[number.end] in _LDAP


def _kerberos(data: bytes) -> bool:
    size = int.from_bytes(data[:4], "big")
    whole = element(data, 4) if size + 4 >= len(data) else None
    return whole is not None and whole.tag in _KERBEROS and whole.end == size + 4


def _rdp(data: bytes) -> bool:
    # TPKT and X.224 connection request or confirm (MS-RDPBCGR 2.2.1.1).
    return data[:2] == b"\3\0" and len(data) > 6 and data[5] in {0xE0, 0xD0}  # noqa: PLR2004


def _rdp_anywhere(data: bytes) -> bool:
    return _rdp(data) and data[11:28] == b"Cookie: mstshash="


def _postgresql(data: bytes) -> bool:
    if len(data) < 8:  # noqa: PLR2004
        return False
    size, code = unpack_from(">II", data)
    return code in _POSTGRES and size == len(data)


def _mysql(data: bytes) -> bool:
    # The server speaks first: protocol 10 and a version (Connection Phase, HandshakeV10).
    if len(data) < 20 or data[3] != 0 or data[4] != 10:  # noqa: PLR2004
        return False
    version = data[5:69].partition(b"\0")[0]
    size = int.from_bytes(data[:3], "little")
    return size + 4 == len(data) and bool(version) and version.isascii() and version[:1].isdigit()


def _mongodb(data: bytes) -> bool:
    if len(data) < 16:  # noqa: PLR2004
        return False
    size, _request, _response, code = unpack_from("<iiii", data)
    # A message longer than a segment is of the kind that is in use today.
    return code in _MONGO and (size == len(data) or (code == 2013 and len(data) < size < 1 << 26))  # noqa: PLR2004


def _kafka(data: bytes) -> bool:
    if len(data) < 14:  # noqa: PLR2004
        return False
    size, key, version, _correlation, client = unpack_from(">ihhih", data)
    if not (size + 4 >= len(data) and 0 <= key <= 92 and 0 <= version <= 20):  # noqa: PLR2004
        return False
    return client >= 0 and data[14 : 14 + client].isascii()


def _rpc(data: bytes) -> bool:
    # A record of one call, RPC version 2 (RFC 5531, 9 and 11).
    if len(data) < 28:  # noqa: PLR2004
        return False
    mark, _xid, kind, version, program = unpack_from(">IIIII", data)
    last = bool(mark & 0x80000000) and (mark & 0x7FFFFFFF) + 4 >= len(data)
    return last and kind == 0 and version == 2 and 100_000 <= program < 0x60000000  # noqa: PLR2004


def _dce_rpc(data: bytes) -> bool:
    if len(data) < 16 or data[0] != 5 or data[1] > 1 or data[2] not in _DCE_KINDS:  # noqa: PLR2004
        return False
    little = data[4] & 0x10
    size = int.from_bytes(data[8:10], "little" if little else "big")
    return data[4] in {0, 0x10} and data[5:8] == b"\0\0\0" and 16 <= size <= len(data)  # noqa: PLR2004


def _socks(data: bytes) -> bool:
    if data[:1] == b"\5":  # RFC 1928: methods; an answer is two bytes
        return len(data) >= 3 and len(data) == 2 + data[1]  # noqa: PLR2004
    return (
        data[:1] == b"\4" and data[1:2] in {b"\1", b"\2"} and data[-1:] == b"\0" and len(data) >= 9  # noqa: PLR2004
    )


def _openvpn(data: bytes) -> bool:
    return int.from_bytes(data[:2], "big") + 2 == len(data) and data[2:3] in {
        b"\x38",
        b"\x40",
        b"\x50",
    }


_tcp = partial(service, TCP)

BINARY = (
    _tcp("smb", _smb, firsts=b"\0", encrypted=_smb_secrecy),
    _tcp("netbios", _session, 139),
    _tcp("ldap", _ldap, 389, 3268),
    _tcp("kerberos", _kerberos, 88, 464),
    _tcp("rdp", _rdp, 3389),
    _tcp("rdp", _rdp_anywhere, firsts=b"\3"),
    _tcp("postgresql", _postgresql),
    _tcp("mysql", _mysql),
    _tcp("mongodb", _mongodb),
    _tcp("kafka", _kafka, 9092, 9093, 9094),
    _tcp("rpc", _rpc, firsts=bytes(range(0x80, 0x100))),
    _tcp("dce-rpc", _dce_rpc, firsts=b"\5"),
    _tcp("socks", _socks, 1080, 9050),
    _tcp("openvpn", _openvpn, 1194, 443),
)
