"""Listens on an interface: a program of its own around scapy, which sends nothing.

It is the only part that imports scapy, and is run as a process, never imported. This code is
under the MIT licence; run with scapy, that process is used under GPL-2.0 (docs/adr/0008).
"""
