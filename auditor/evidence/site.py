"""The declared perimeter of an organisation's plant; everything outside it is *outside*."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

StorePurpose = Literal[
    "models", "datasets", "checkpoints", "vectors", "logs", "containers", "swap", "temporary",
    "keys", "other",
]  # fmt: skip

# The role of those who sign models.
MODELS = "models"


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the site file: unknown fields are mistakes."""


class Network(_Part, frozen=True, kw_only=True):
    """An address range inside the perimeter; `cidr` as `10.1.0.0/16`, its `zone` by name."""

    cidr: str
    zone: str = "inside"
    description: str = ""


class EgressException(_Part, frozen=True, kw_only=True):
    """An approved way out: to `destination` (name, suffix `.x.y`, address or CIDR) until `expires`.

    `expires` is an ISO date, `port` 0 means every port. An expired exception excepts nothing.
    """

    destination: str
    port: int = 0
    owner: str
    reason: str
    expires: str


class Jurisdiction(_Part, frozen=True, kw_only=True):
    """Where the organisation is at home, and where else its data may go (ISO 3166 alpha-2)."""

    home: str = ""
    allowed: tuple[str, ...] = ()


class Store(_Part, frozen=True, kw_only=True):
    """A folder of this site that holds what must be encrypted at rest.

    `encryption` is what the site *declares* where a host cannot see it (a SAN, a cloud disk).
    """

    path: str
    holds: StorePurpose = "models"
    encryption: Literal["", "declared"] = ""
    description: str = ""


class Signer(_Part, frozen=True, kw_only=True):
    """Somebody whose signature counts; `public_key` is PEM text or an SSH line.

    It counts on reports, and with the role `models` on models alone.
    """

    name: str
    public_key: str
    role: str = ""


class Crossing(_Part, frozen=True, kw_only=True):
    """Traffic between controllers that may pass from one zone to another, by who begins it.

    `applications` are industrial ones (`modbus`, `opc-ua` …); none stands for all of them.
    """

    from_zone: str = field(name="from")
    to_zone: str = field(name="to")
    applications: tuple[str, ...] = ()
    description: str = ""


class AllowedGlobal(_Part, frozen=True, kw_only=True):
    """A global that pickles may ask for although no table holds it.

    `name` is `module.name` (`ultralytics.nn.tasks.DetectionModel`) or a module's `module.*`.
    `sha256` pins it to files of that digest; empty means any file. It ends with `expires` (an
    ISO date). Only an `unlisted` verdict is excepted, never a `dangerous` one.
    """

    name: str
    owner: str
    reason: str
    expires: str
    sha256: tuple[str, ...] = ()


class Site(_Part, frozen=True, kw_only=True):
    """The whole declaration. `assumed` is true when there was no site file.

    `names` are DNS suffixes inside the perimeter (`corp.example` covers `a.corp.example`).
    `resolvers`, `time_servers`, `registries` and `mirrors` are hosts, addresses or CIDRs that
    count as inside *for that use*; `mirrors` serve packages and models. `model_origins` are the
    approved sources of models, as `registry/repository` with `*` for any part
    (`huggingface.co/Qwen/*`, `models.plant.example/*`). `crossings` are the ways between zones
    that controllers may use.
    """

    name: str = ""
    assumed: bool = False
    networks: tuple[Network, ...] = ()
    names: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()
    time_servers: tuple[str, ...] = ()
    registries: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()
    exceptions: tuple[EgressException, ...] = ()
    jurisdiction: Jurisdiction = Jurisdiction()
    stores: tuple[Store, ...] = ()
    signers: tuple[Signer, ...] = ()
    model_origins: tuple[str, ...] = ()
    allowed_globals: tuple[AllowedGlobal, ...] = ()
    crossings: tuple[Crossing, ...] = ()


# Private and local ranges (RFC 1918, 4193, 3927, 4291, 6598), for a host with no site file.
ASSUMED_NETWORKS = (
    Network(cidr="10.0.0.0/8", zone="private"),
    Network(cidr="172.16.0.0/12", zone="private"),
    Network(cidr="192.168.0.0/16", zone="private"),
    Network(cidr="169.254.0.0/16", zone="link-local"),
    Network(cidr="fc00::/7", zone="private"),
    Network(cidr="fe80::/10", zone="link-local"),
)
ASSUMED_SITE = Site(name="assumed", assumed=True, networks=ASSUMED_NETWORKS)
