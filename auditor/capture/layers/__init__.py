"""Reads single messages with scapy's layers: one file a protocol, each with its `LAYER`."""
