"""Tells an encrypted hello (RFC 9849) from GREASE, as far as anyone without the key can.

GREASE has the same form by design: a random key number and as many random bytes. What is seen
from outside: a DNS answer (HTTPS record) that gave out that key under that public name, or a
public name that is known to stand for others. Everything else stays undecided: then the outer
name is kept as what it is, the only name that was said.
"""

from __future__ import annotations

from auditor.packets.names._hello import ClientHello
from auditor.packets.names._ledger import Ledger, Note
from auditor.packets.names._text import name_text

# Names that operators say in place of those of their customers.
_STANDS_FOR_OTHERS = frozenset({"cloudflare-ech.com", "cloudflare-esni.com"})
_VERSION = 0xFE0D
_MOST_CONFIGS = 8
_MOST_NAMES = 32


def note(ledger: Ledger, flow: Note, hello: ClientHello) -> None:
    """Keep whether a hello hides another name."""
    if hello.esni:
        flow.hidden = True
        flow.fact("ech", "encrypted server name (an early draft)")
    if hello.ech is None:
        return
    given = hello.name in ledger.ech_keys.get(hello.ech.config_id, ())
    if given or hello.name in _STANDS_FOR_OTHERS:
        flow.hidden = True
        flow.fact("ech", "key given by DNS" if given else "public name known")
    else:
        flow.fact("ech", "undecided: GREASE or a hidden name")


def keep_keys(ledger: Ledger, data: bytes) -> None:
    """Keep key numbers and public names of an ECHConfigList that an HTTPS record gave."""
    at = 2
    for _ in range(_MOST_CONFIGS):
        if at + 4 > len(data):
            return
        version = data[at] << 8 | data[at + 1]
        length = data[at + 2] << 8 | data[at + 3]
        if version == _VERSION:
            _keep(ledger, data[at + 4 : at + 4 + length])
        at += 4 + length


def _keep(ledger: Ledger, config: bytes) -> None:
    # config_id, kem, public_key<2>, suites<2>, maximum_name_length, public_name<1>, extensions
    try:
        at = 5 + (config[3] << 8 | config[4])
        at += 2 + (config[at] << 8 | config[at + 1]) + 1
        name = config[at + 1 : at + 1 + config[at]]
        names = ledger.ech_keys.setdefault(config[0], set())
    except IndexError:
        return
    if name and len(names) < _MOST_NAMES:
        names.add(name_text(name))
