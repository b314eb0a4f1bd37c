"""Why a packet gave no flow: the closed vocabulary, each word with its sentence."""

from __future__ import annotations

from enum import StrEnum


class Skip(StrEnum):
    """A reason. Its text is what the record says; `SENTENCES` says it for a reader."""

    ARP = "arp"
    RARP = "rarp"
    LLDP = "lldp"
    STP = "stp"
    CDP = "cdp"
    EAPOL = "eapol"
    SLOW_PROTOCOLS = "slow-protocols"
    LINK_LOOPBACK = "link-loopback"
    PTP = "ptp"
    PAUSE = "pause"
    HSR_PRP = "hsr-prp"
    MRP = "mrp"
    WAKE_ON_LAN = "wake-on-lan"
    MACSEC = "macsec"
    FCOE = "fcoe"
    ROCE = "roce"
    ATA = "ata-over-ethernet"
    IPX = "ipx"
    APPLETALK = "appletalk"
    LLC = "llc"
    ISIS = "is-is"
    BATMAN = "batman"
    TRILL = "trill"
    PPPOE_DISCOVERY = "pppoe-discovery"
    PPP_CONTROL = "ppp-control"
    PPP_COMPRESSED = "ppp-compressed"
    PPP_FRAGMENT = "ppp-fragment"
    WLAN_MANAGEMENT = "wlan-management"
    WLAN_CONTROL = "wlan-control"
    WLAN_ENCRYPTED = "wlan-encrypted"
    WLAN_NO_DATA = "wlan-no-data"
    WLAN_FRAGMENT = "wlan-fragment"
    WLAN_AGGREGATE = "wlan-aggregate"
    NETLINK = "netlink"
    ETHERTYPE = "ethertype-unknown"
    LINK_TYPE = "link-type-unsupported"
    NOT_IP = "not-ip"
    IP_VERSION = "ip-version"
    TOO_DEEP = "too-deep"
    EMPTY = "empty"
    CUT_LINK = "cut-in-link-header"
    CUT_IP = "cut-in-ip-header"
    CUT_TRANSPORT = "cut-in-transport-header"
    BAD_LINK = "malformed-link-header"
    BAD_IP = "malformed-ip-header"
    CRASHED = "crashed"


# What the reader of a report is told. Words that begin with `cut-` or `malformed-`, and those in
# `UNREAD`, may hide traffic; the others are frames that carry no data off their own network.
SENTENCES = {
    Skip.ARP: "asks for the hardware address of an IP address on the same network",
    Skip.RARP: "asks for an IP address by the hardware address",
    Skip.LLDP: "announces a neighbour (IEEE 802.1AB)",
    Skip.STP: "keeps bridges free of loops (IEEE 802.1D)",
    Skip.CDP: "announces a neighbour (Cisco's protocols: CDP, VTP, DTP, UDLD)",
    Skip.EAPOL: "authenticates a port (IEEE 802.1X)",
    Skip.SLOW_PROTOCOLS: "bundles links (IEEE 802.3 slow protocols: LACP, OAM)",
    Skip.LINK_LOOPBACK: "tests the link (EtherType 0x9000)",
    Skip.PTP: "sets clocks (IEEE 1588 over Ethernet)",
    Skip.PAUSE: "pauses a sender (IEEE 802.3x)",
    Skip.HSR_PRP: "supervises a redundant ring (IEC 62439-3)",
    Skip.MRP: "supervises a redundant ring or registers groups (MRP, MVRP, MMRP)",
    Skip.WAKE_ON_LAN: "wakes a machine",
    Skip.MACSEC: "is encrypted on the link (IEEE 802.1AE): what it carries cannot be read",
    Skip.FCOE: "carries storage commands on the same network (FCoE)",
    Skip.ROCE: "carries memory of another machine on the same network (RoCE v1)",
    Skip.ATA: "carries storage commands on the same network (AoE)",
    Skip.IPX: "is IPX, not IP",
    Skip.APPLETALK: "is AppleTalk, not IP",
    Skip.LLC: "is an IEEE 802.2 frame that carries no IP",
    Skip.ISIS: "routes between routers (IS-IS)",
    Skip.BATMAN: "routes in a mesh (batman-adv)",
    Skip.TRILL: "is bridged by TRILL, which is not read",
    Skip.PPPOE_DISCOVERY: "opens or closes a PPPoE session",
    Skip.PPP_CONTROL: "sets up a PPP link (LCP, IPCP, authentication …)",
    Skip.PPP_FRAGMENT: "is part of a packet that PPP sent in pieces (multilink)",
    Skip.PPP_COMPRESSED: "is compressed or encrypted by PPP: what it carries cannot be read",
    Skip.WLAN_MANAGEMENT: "manages a wireless network (IEEE 802.11)",
    Skip.WLAN_CONTROL: "controls a wireless network (IEEE 802.11)",
    Skip.WLAN_ENCRYPTED: "is encrypted on the wireless link: what it carries cannot be read",
    Skip.WLAN_NO_DATA: "is a wireless frame without data (IEEE 802.11)",
    Skip.WLAN_FRAGMENT: "is part of a wireless frame that came in pieces",
    Skip.WLAN_AGGREGATE: "holds several packets in one wireless frame, which are not told apart",
    Skip.NETLINK: "is a message between a program and the kernel, not on any network",
    Skip.ETHERTYPE: "is of a protocol that is not known: what it carries cannot be read",
    Skip.LINK_TYPE: "is of a link type that is not read",
    Skip.NOT_IP: "carries no IP packet",
    Skip.IP_VERSION: "says that it is IP, but neither version 4 nor 6",
    Skip.TOO_DEEP: "holds more tunnels, one in another, than are followed",
    Skip.EMPTY: "was captured without a byte",
    Skip.CUT_LINK: "was cut by the capture within the link header",
    Skip.CUT_IP: "was cut by the capture within the IP header",
    Skip.CUT_TRANSPORT: "was cut by the capture before the ports",
    Skip.BAD_LINK: "has a link header that contradicts itself",
    Skip.BAD_IP: "has an IP header that contradicts itself",
    Skip.CRASHED: "made the reader fail: an error of this toolkit",
}

# Packets that may have carried data to anywhere, and that nobody can judge.
UNREAD = frozenset(
    skip
    for skip in Skip
    if skip.value.startswith(("cut-", "malformed-"))
    or skip
    in {
        Skip.MACSEC,
        Skip.PPP_COMPRESSED,
        Skip.PPP_FRAGMENT,
        Skip.WLAN_ENCRYPTED,
        Skip.WLAN_FRAGMENT,
        Skip.WLAN_AGGREGATE,
        Skip.ETHERTYPE,
        Skip.LINK_TYPE,
        Skip.NOT_IP,
        Skip.IP_VERSION,
        Skip.TOO_DEEP,
        Skip.EMPTY,
        Skip.TRILL,
        Skip.CRASHED,
    }
)

# Frames that are known by their EtherType, and carry no IP packet. Sources: IEEE registration
# authority's public EtherType list; the fast and the slow path both use this table.
BY_ETHERTYPE = {
    0x0806: Skip.ARP,
    0x8035: Skip.RARP,
    0x80F3: Skip.APPLETALK,
    0x809B: Skip.APPLETALK,
    0x8137: Skip.IPX,
    0x8138: Skip.IPX,
    0x0842: Skip.WAKE_ON_LAN,
    0x22F3: Skip.TRILL,
    0x22EA: Skip.MRP,
    0x88CC: Skip.LLDP,
    0x888E: Skip.EAPOL,
    0x8808: Skip.PAUSE,
    0x8809: Skip.SLOW_PROTOCOLS,
    0x8863: Skip.PPPOE_DISCOVERY,
    0x88E3: Skip.MRP,
    0x88E5: Skip.MACSEC,
    0x88F5: Skip.MRP,
    0x88F6: Skip.MRP,
    0x88F7: Skip.PTP,
    0x88FB: Skip.HSR_PRP,
    0x8906: Skip.FCOE,
    0x8914: Skip.FCOE,
    0x8915: Skip.ROCE,
    0x88A2: Skip.ATA,
    0x9000: Skip.LINK_LOOPBACK,
    0x2000: Skip.CDP,
    0x4305: Skip.BATMAN,
}
