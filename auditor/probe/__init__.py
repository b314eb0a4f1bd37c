"""Asks this host's own listeners how they speak: a program of its own, over loopback alone."""
