"""What the fast path leaves to the slow one: protocols and ports that may hold a packet."""

from __future__ import annotations

# IP protocols that are looked into (or through): IP-in-IP 4, 6in4 41, GRE 47, AH 51, EtherIP 97,
# PIM no, L2TPv3 115, MPLS-in-IP 137; IPv6 extension headers 0, 43, 44, 60, 135, 139, 140.
ODD_PROTOCOLS = frozenset({0, 4, 41, 43, 44, 47, 51, 60, 97, 115, 135, 137, 139, 140})

# UDP ports, of either end: L2TP, GTP-U, Teredo, VXLAN (IANA, Linux' old one), VXLAN-GPE,
# GRE-in-UDP, GENEVE, MPLS-in-UDP.
ODD_UDP_PORTS = frozenset({1701, 2152, 3544, 4789, 8472, 4790, 4754, 6081, 6635})
