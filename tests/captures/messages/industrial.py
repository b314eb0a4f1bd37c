"""What controllers say: one exchange a protocol, request and answer, as its specification has it."""

from __future__ import annotations

from struct import pack

READ, REPLY = True, False
Exchange = list[tuple[bool, bytes]]


def _cotp(data: bytes) -> bytes:
    body = b"\x02\xf0\x80" + data
    return pack(">BBH", 3, 0, 4 + len(body)) + body


def _connection(kind: int, far: bytes = b"\x01\x02") -> bytes:
    body = pack(">BHHB", kind, 0 if kind == 0xE0 else 1, 1, 0)
    body += b"\xc0\x01\x0a\xc1\x02\x01\0\xc2" + bytes([len(far)]) + far
    return pack(">BBHB", 3, 0, 5 + len(body), len(body)) + body


def modbus(transaction: int, *, write: bool = False) -> Exchange:
    """Modbus/TCP: reads ten holding registers, or writes one."""
    unit = pack(">HH", transaction, 0)
    if write:
        pdu = pack(">HBBHH", 6, 1, 6, 100, 1)
        return [(READ, unit + pdu), (REPLY, unit + pdu)]
    return [
        (READ, unit + pack(">HBBHH", 6, 1, 3, 0, 10)),
        (REPLY, unit + pack(">HBBB", 23, 1, 3, 20) + bytes(20)),
    ]


def s7comm() -> Exchange:
    """S7comm: opens COTP, sets up, reads a data block."""
    setup = bytes.fromhex("f00000010001 01e0")
    read = bytes.fromhex("0401120a10020001000184000000")
    return [
        (READ, _connection(0xE0)),
        (REPLY, _connection(0xD0)),
        (READ, _cotp(pack(">BBHHHH", 0x32, 1, 0, 1, 8, 0) + setup)),
        (REPLY, _cotp(pack(">BBHHHHH", 0x32, 3, 0, 1, 8, 0, 0) + setup)),
        (READ, _cotp(pack(">BBHHHH", 0x32, 1, 0, 2, 14, 0) + read)),
        (REPLY, _cotp(pack(">BBHHHHH", 0x32, 3, 0, 2, 2, 6, 0) + b"\x04\x01\xff\x04\0\x10\0\x07")),
    ]


def s7comm_plus() -> Exchange:
    """S7comm-plus: opens COTP towards SIMATIC-ROOT-HMI, creates a session object."""

    def data(kind: int) -> bytes:
        return pack(">BHHHHIB", kind, 0, 0x04CA, 0, 1, 0x120, 0x36) + bytes(16)

    def framed(kind: int) -> bytes:
        body = data(kind)
        return _cotp(pack(">BBH", 0x72, 1, len(body)) + body + b"\x72\x01\0\0")

    return [
        (READ, _connection(0xE0, b"SIMATIC-ROOT-HMI")),
        (REPLY, _connection(0xD0, b"SIMATIC-ROOT-HMI")),
        (READ, framed(0x31)),
        (REPLY, framed(0x32)),
    ]


def opc_ua(url: str = "opc.tcp://plc.plant.example:4840") -> Exchange:
    """OPC UA binary: hello, acknowledge, open a channel without security, one message."""

    def text(value: str) -> bytes:
        return pack("<i", len(value)) + value.encode()

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + b"F" + pack("<I", 8 + len(body)) + body

    asked = b"\0\0" + pack("<QIIiI", 0, 1, 0, -1, 5000) + b"\0\0\0"
    told = pack("<QIIBi", 0, 1, 0, 0, 0) + b"\0\0\0"
    open_request = b"\x01\0\xbe\x01" + asked + pack("<IIIiI", 0, 0, 1, -1, 3_600_000)
    open_answer = b"\x01\0\xc1\x01" + told + pack("<IIIQIi", 0, 9, 1, 0, 3_600_000, -1)
    wanted = b"\x01\0\x07\0" + pack("<IiHi", 13, -1, 0, -1)
    read_request = b"\x01\0\x77\x02" + asked + pack("<dIi", 0.0, 2, 1) + wanted
    read_answer = b"\x01\0\x7a\x02" + told + pack("<iBBdi", 1, 1, 11, 21.5, 0)
    none = text("http://opcfoundation.org/UA/SecurityPolicy#None") + pack("<ii", -1, -1)
    return [
        (READ, message(b"HEL", pack("<IIIII", 0, 65535, 65535, 0, 0) + text(url))),
        (REPLY, message(b"ACK", pack("<IIIII", 0, 65535, 65535, 0, 0))),
        (READ, message(b"OPN", pack("<I", 0) + none + pack("<II", 1, 1) + open_request)),
        (REPLY, message(b"OPN", pack("<I", 9) + none + pack("<II", 1, 1) + open_answer)),
        (READ, message(b"MSG", pack("<IIII", 9, 1, 2, 2) + read_request)),
        (REPLY, message(b"MSG", pack("<IIII", 9, 1, 2, 2) + read_answer)),
    ]


def mqtt(client: str = "press-7") -> Exchange:
    """MQTT 3.1.1: connects and publishes."""
    name = client.encode()
    body = b"\0\x04MQTT\x04\x02\0\x3c" + pack(">H", len(name)) + name
    topic = b"plant/press/7"
    news = pack(">H", len(topic)) + topic + b'{"t":21.5}'
    return [
        (READ, bytes([0x10, len(body)]) + body),
        (REPLY, b"\x20\x02\0\0"),
        (READ, bytes([0x30, len(news)]) + news),
    ]


def ethernet_ip() -> Exchange:
    """EtherNet/IP: registers a session, then asks for an attribute by CIP."""

    def packet(command: int, session: int, data: bytes) -> bytes:
        return pack("<HHIIQI", command, len(data), session, 0, 0, 0) + data

    def cip(data: bytes) -> bytes:
        return pack("<IHHHHHH", 0, 5, 2, 0, 0, 0xB2, len(data)) + data

    return [
        (READ, packet(0x65, 0, b"\x01\0\0\0")),
        (REPLY, packet(0x65, 0x01020304, b"\x01\0\0\0")),
        (READ, packet(0x6F, 0x01020304, cip(b"\x0e\x03\x20\x01\x24\x01\x30\x07"))),
        (REPLY, packet(0x6F, 0x01020304, cip(b"\x8e\0\0\0\x04PLC1"))),
    ]


def bacnet() -> Exchange:
    """BACnet/IP: reads the present value of an analog input."""
    return [
        (READ, bytes.fromhex("810a00110104020501 0c0c000000011955")),
        (REPLY, bytes.fromhex("810a0017010030010c0c0000000119553e4441a000003f")),
    ]


def _dnp3_crc(data: bytes) -> bytes:
    crc = 0
    for byte in data:
        crc ^= byte
        for _bit in range(8):
            crc = crc >> 1 ^ 0xA6BC if crc & 1 else crc >> 1
    return pack("<H", ~crc & 0xFFFF)


def dnp3() -> Exchange:
    """DNP3: the master reads classes 0 to 3, the outstation answers nothing new."""

    def frame(control: int, to: int, of: int, data: bytes) -> bytes:
        head = pack("<HBBHH", 0x6405, 5 + len(data), control, to, of)
        blocks = [data[start : start + 16] for start in range(0, len(data), 16)]
        return head + _dnp3_crc(head) + b"".join(block + _dnp3_crc(block) for block in blocks)

    return [
        (READ, frame(0xC4, 10, 1, bytes.fromhex("c0c0013c02063c03063c04063c0106"))),
        (REPLY, frame(0x44, 1, 10, bytes.fromhex("c0c0810000"))),
    ]


def iec_104() -> Exchange:
    """IEC 60870-5-104: starts data transfer, general interrogation, one measured value."""
    return [
        (READ, bytes.fromhex("680407000000")),
        (REPLY, bytes.fromhex("68040b000000")),
        (READ, bytes.fromhex("680e0000000064010600010000000014")),
        (REPLY, bytes.fromhex("680e0000020064010700010000000014")),
    ]


def hart_ip() -> Exchange:
    """HART-IP: initiates a session."""
    body = pack(">BI", 1, 30000)
    return [
        (READ, pack(">BBBBHH", 1, 0, 0, 0, 1, 13) + body),
        (REPLY, pack(">BBBBHH", 1, 1, 0, 0, 1, 13) + body),
    ]


def fins() -> Exchange:
    """Omron FINS over UDP: reads one word of memory."""
    return [
        (READ, bytes.fromhex("800002000100000200 01 0101 82006400 0001".replace(" ", ""))),
        (REPLY, bytes.fromhex("c00002000200000100 01 0101 0000 1234".replace(" ", ""))),
    ]


def slmp() -> Exchange:
    """Mitsubishi SLMP, 3E frames in binary: reads one word of D100."""
    return [
        (READ, bytes.fromhex("500000ffff03000c00100001040000640000a80100")),
        (REPLY, bytes.fromhex("d00000ffff0300040000003412")),
    ]


# (application, transport, port, exchange)
OVER_IP = (
    ("modbus", "tcp", 502, modbus(1)),
    ("s7comm", "tcp", 102, s7comm()),
    ("s7comm-plus", "tcp", 102, s7comm_plus()),
    ("opc-ua", "tcp", 4840, opc_ua()),
    ("mqtt", "tcp", 1883, mqtt()),
    ("ethernet-ip", "tcp", 44818, ethernet_ip()),
    ("bacnet", "udp", 47808, bacnet()),
    ("dnp3", "tcp", 20000, dnp3()),
    ("iec-104", "tcp", 2404, iec_104()),
    ("hart-ip", "udp", 5094, hart_ip()),
    ("fins", "udp", 9600, fins()),
    ("slmp", "tcp", 5007, slmp()),
)


def _ber(tag: int, data: bytes) -> bytes:
    size = bytes([len(data)]) if len(data) < 128 else bytes([0x81, len(data)])
    return bytes([tag]) + size + data


def goose() -> bytes:
    """GOOSE (IEC 61850-8-1): one boolean."""
    pdu = _ber(0x61, b"".join((
        _ber(0x80, b"IED1/LLN0$GO$gcb1"), _ber(0x81, b"\x07\xd0"), _ber(0x82, b"IED1/LLN0$ds1"),
        _ber(0x83, b"gcb1"), _ber(0x84, bytes(8)), _ber(0x85, b"\x01"), _ber(0x86, b"\x05"),
        _ber(0x87, b"\0"), _ber(0x88, b"\x01"), _ber(0x89, b"\0"), _ber(0x8A, b"\x01"),
        _ber(0xAB, b"\x83\x01\x01"),
    )))  # fmt: skip
    return pack(">HHHH", 0x0001, 8 + len(pdu), 0, 0) + pdu


def sampled_values() -> bytes:
    """Sampled values (IEC 61850-9-2): one ASDU of eight values."""
    unit = _ber(0x30, b"".join((
        _ber(0x80, b"MU01"), _ber(0x82, b"\0\x01"), _ber(0x83, b"\0\0\0\x01"), _ber(0x85, b"\x02"),
        _ber(0x87, bytes(64)),
    )))  # fmt: skip
    pdu = _ber(0x60, _ber(0x80, b"\x01") + _ber(0xA2, unit))
    return pack(">HHHH", 0x4000, 8 + len(pdu), 0, 0) + pdu


def ethercat() -> bytes:
    """EtherCAT: a broadcast read of the status register."""
    datagram = pack("<BBHHHH", 7, 0x80, 0, 0x0130, 2, 0) + bytes(2) + bytes(2)
    return pack("<H", 0x1000 | len(datagram)) + datagram


def profinet() -> bytes:
    """PROFINET DCP: identify everybody."""
    return pack(">HBBIHH", 0xFEFE, 5, 0, 0x01020304, 1, 4) + b"\xff\xff\0\0"


# (application, EtherType, destination, frame)
ON_THE_LINK = (
    ("profinet", 0x8892, "01:0e:cf:00:00:00", profinet()),
    ("goose", 0x88B8, "01:0c:cd:01:00:01", goose()),
    ("sv", 0x88BA, "01:0c:cd:04:00:01", sampled_values()),
    ("ethercat", 0x88A4, "01:01:05:01:00:00", ethercat()),
)
