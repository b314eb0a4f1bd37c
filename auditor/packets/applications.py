"""The closed list of applications, and whether each is encrypted by its nature."""

from __future__ import annotations

from typing import NamedTuple


class Application(NamedTuple):
    """A protocol: `encrypted` is `None` where its name alone does not tell; `why` is the reason."""

    title: str
    encrypted: bool | None
    why: str


_CLEAR = "the protocol has no encryption of its own"
_STARTED_CLEAR = "begun in clear; no TLS hello was seen in it"
_SECURED = "the protocol encrypts all but its opening"
_DEPENDS = "the protocol may or may not encrypt; its messages do not tell"


def _clear(title: str) -> Application:
    return Application(title, encrypted=False, why=f"{title}: {_CLEAR}")


def _opening(title: str) -> Application:
    return Application(title, encrypted=False, why=f"{title}: {_STARTED_CLEAR}")


def _sealed(title: str) -> Application:
    return Application(title, encrypted=True, why=f"{title}: {_SECURED}")


def _depends(title: str) -> Application:
    return Application(title, encrypted=None, why=f"{title}: {_DEPENDS}")


# Keys are the words of the contract. Industrial ones are told by `industrial/`, the others by
# `names/`. A word is added here, in `evidence/traffic.py` and nowhere else.
APPLICATIONS = {
    "dns": _clear("DNS"),
    "mdns": _clear("multicast DNS"),
    "llmnr": _clear("LLMNR"),
    "netbios": _clear("NetBIOS"),
    "tls": _sealed("TLS"),
    "dtls": _sealed("DTLS"),
    "http": _clear("HTTP"),
    "quic": _sealed("QUIC"),
    "ssh": _sealed("SSH"),
    "ntp": _clear("NTP"),
    "dhcp": _clear("DHCP"),
    "dhcpv6": _clear("DHCPv6"),
    "ftp": _opening("FTP"),
    "tftp": _clear("TFTP"),
    "telnet": _clear("Telnet"),
    "smtp": _opening("SMTP"),
    "pop3": _opening("POP3"),
    "imap": _opening("IMAP"),
    "smb": _depends("SMB"),
    "ldap": _opening("LDAP"),
    "kerberos": _depends("Kerberos"),
    "rdp": _depends("RDP"),
    "vnc": _depends("VNC (RFB)"),
    "snmp": _clear("SNMP"),
    "syslog": _clear("syslog"),
    "radius": _depends("RADIUS"),
    "sip": _opening("SIP"),
    "rtsp": _clear("RTSP"),
    "stun": _clear("STUN"),
    "ssdp": _clear("SSDP"),
    "redis": _opening("Redis"),
    "memcached": _clear("memcached"),
    "postgresql": _opening("PostgreSQL"),
    "mysql": _opening("MySQL"),
    "mongodb": _opening("MongoDB"),
    "amqp": _opening("AMQP"),
    "nats": _opening("NATS"),
    "kafka": _depends("Kafka"),
    "coap": _clear("CoAP"),
    "socks": _clear("SOCKS"),
    "bittorrent": _depends("BitTorrent"),
    "rpc": _depends("ONC RPC (NFS)"),
    "dce-rpc": _depends("DCE/RPC"),
    "ike": _sealed("IKE"),
    "esp": _sealed("ESP"),
    "wireguard": _sealed("WireGuard"),
    "openvpn": _sealed("OpenVPN"),
    "modbus": _clear("Modbus/TCP"),
    "s7comm": _clear("S7comm"),
    "s7comm-plus": _depends("S7comm-plus"),
    "opc-ua": _depends("OPC UA"),
    "mqtt": _opening("MQTT"),
    "ethernet-ip": _clear("EtherNet/IP"),
    "bacnet": _clear("BACnet/IP"),
    "dnp3": _clear("DNP3"),
    "iec-104": _clear("IEC 60870-5-104"),
    "profinet": _clear("PROFINET"),
    "goose": _clear("GOOSE"),
    "sv": _clear("sampled values"),
    "ethercat": _clear("EtherCAT"),
    "hart-ip": _clear("HART-IP"),
    "fins": _clear("FINS"),
    "slmp": _clear("SLMP"),
}
