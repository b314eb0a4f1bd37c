"""The site file is read whole, and each mistake is told with its place and a hint."""

import pytest

from auditor.errors import ExitCode, SiteError
from auditor.evidence.site import EgressException, Jurisdiction, Network, Signer, Site, Store
from auditor.site import load_allowed_globals, load_site

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBAse64Text auditor@corp.example"

WHOLE = f"""\
name: Plant 7
networks:
  - {{cidr: 10.1.0.0/16, zone: gpu, description: the racks}}
  - 2001:DB8::/32
names: [Corp.Example, .lab.example]
resolvers: [10.1.0.53]
time_servers: [ntp.corp.example]
registries: [.registry.example]
mirrors: [10.2.0.0/24]
exceptions:
  - {{destination: a.partner.example, port: 443, owner: ops, reason: updates, expires: 2026-12-31}}
jurisdiction: {{home: NO, allowed: [de, FR]}}
stores:
  - /srv/models/
  - {{path: /data, holds: datasets, encryption: declared}}
signers:
  - {{name: auditor, public_key: {KEY}}}
"""


def refused(text):
    with pytest.raises(SiteError) as caught:
        load_site(text.encode() if isinstance(text, str) else text, "site.yaml")
    assert caught.value.exit_code == ExitCode.ERROR
    return str(caught.value)


def test_the_whole_file():
    assert load_site(WHOLE.encode(), "site.yaml") == Site(
        name="Plant 7",
        networks=(
            Network(cidr="10.1.0.0/16", zone="gpu", description="the racks"),
            Network(cidr="2001:db8::/32"),
        ),
        names=("corp.example", "lab.example"),
        resolvers=("10.1.0.53",),
        time_servers=("ntp.corp.example",),
        registries=(".registry.example",),
        mirrors=("10.2.0.0/24",),
        exceptions=(
            EgressException(
                destination="a.partner.example", port=443, owner="ops", reason="updates",
                expires="2026-12-31",
            ),
        ),
        jurisdiction=Jurisdiction(home="NO", allowed=("DE", "FR")),
        stores=(
            Store(path="/srv/models"), Store(path="/data", holds="datasets", encryption="declared"),
        ),
        signers=(Signer(name="auditor", public_key=KEY),),
    )  # fmt: skip


def test_lists_may_be_left_empty():
    assert load_site(b"name: x\nnetworks:\nnames:\nsigners: []\n", "s") == Site(name="x")


def test_norway_is_a_country():
    assert load_site(b"jurisdiction: {home: no, allowed: [NO]}", "s").jurisdiction == Jurisdiction(
        home="NO", allowed=("NO",)
    )


@pytest.mark.parametrize(
    "text, message",
    [
        ("netwroks: []", "1:1: the site file has no key 'netwroks'. Did you mean 'networks'?"),
        ("names: []\nexeptions: []", "2:1: the site file has no key 'exeptions'. Did you mean"),
        ("assumed: true", "1:1: the site file has no key 'assumed'"),
        ("networks:\n  - {cdir: 10.0.0.0/8}", "2:6: a network has no key 'cdir'. Did you mean"),
        ("networks: [{zone: a}]", "1:12: a network has no 'cidr'"),
        ("networks: [10.1.2.3/16]", "Did you mean 10.1.0.0/16?"),
        ("networks: [ten]", "'ten' is not an address range"),
        ("networks: [0.0.0.0/0]", "too wide to be anybody's own"),
        ("networks: [128.0.0.0/1]", "too wide to be anybody's own"),
        ("networks: ['::/0']", "too wide to be anybody's own"),
        ("networks: [10.0.0.0/8, 10.0.0.0/8]", "1:24: this stands in the list already"),
        ("networks: 5", "a list of networks is expected"),
        ("networks: [[1]]", "a network is a mapping"),
        ("networks: [~]", "a value is missing"),
        ("names: [com]", "everybody can have a name under 'com'"),
        ("names: [co.uk]", "everybody can have a name under 'co.uk'"),
        ("names: [de]", "everybody can have a name under 'de'"),
        ("names: [10.0.0.1]", "is an address, not a name"),
        ("names: ['*.corp.example']", "Did you mean .corp.example?"),
        ("names: [a b]", "is not a DNS name"),
        ("names: [{a: b}]", "one value is expected"),
        ("registries: ['https://reg.corp.example:5000/x']", "Did you mean reg.corp.example?"),
        ("resolvers: ['10.0.0.53:53']", "Did you mean 10.0.0.53?"),
        ("resolvers: [127.1]", "neither a name nor an address"),
        ("mirrors: [.com]", "everybody can have a name under 'com'"),
        ("exceptions: [{destination: a.example, owner: x, reason: y}]", "has no 'expires'"),
        ("exceptions: [{destination: a.example, reason: y, expires: 2026-01-01}]", "no 'owner'"),
        ("exceptions: [{destination: 0.0.0.0/0, owner: x, reason: y, expires: 2026-01-01}]", "wide"),
        ("exceptions: [{destination: a.example, owner: x, reason: y, expires: soon}]", "not a date"),
        ("exceptions: [{destination: a.example, owner: '', reason: y, expires: 2026-01-01}]", "empty"),
        ("exceptions: [{port: 70000}]", "is not a port"),
        ("exceptions: [{port: https}]", "is not a port"),
        ("exceptions: [{port: -1}]", "is not a port"),
        ("jurisdiction: {home: UK}", "The code is GB"),
        ("jurisdiction: {home: XX}", "is not a country code"),
        ("jurisdiction: {allowed: [EU]}", "Name the countries one by one"),
        ("jurisdiction: DE", "jurisdiction is a mapping"),
        ("stores: [srv/models]", "is not an absolute path"),
        ("stores: [/srv/../etc]", "is not an absolute path"),
        ("stores: [{path: /a, holds: secrets}]", "One of: models"),
        ("stores: [{path: /a, encryption: verified}]", "is not known here"),
        ("signers: [{name: a, public_key: x}]", "this is not a public key"),
        ("signers: [{name: a, public_key: '-----BEGIN PRIVATE KEY-----'}]", "private key"),
        ("model_origins: [huggingface.co]", "is not registry/repository"),
        ("model_origins: ['*/x']", "is not registry/repository"),
        ("model_origins: ['https://huggingface.co/Qwen/*']", "is a URL, not an origin"),
        ("model_origins: [huggingface.co/Qwen/../x]", "dots for one"),
        ("model_origins: [huggingface.co/Qwen//x]", "empty part"),
        ("model_origins: ['hub.example:0x1/x']", "is not a port"),
        ("allowed_globals: [{name: a.B, owner: x, reason: y}]", "has no 'expires'"),
        ("allowed_globals: [{name: B}]", "is not the name of a global"),
        ("allowed_globals: [{name: '*'}]", "is not the name of a global"),
        ("allowed_globals: [{name: 'a.*.B'}]", "is not the name of a global"),
        ("allowed_globals: [{sha256: [abc]}]", "is not a SHA-256"),
        ("allowed_globals: [{sha256: []}]", "this list is empty"),
        ("allowed_globals: [{sha256: }]", "this list is empty"),
        ("- a", "the site file is a mapping"),
        ("a: 1\na: 2", "is given twice"),
        ("# nothing", "there is no document"),
        ("a: 1\n---\nb: 2", "one document is expected"),
        ("name: 'x\n", "this is not YAML"),
        (b"\xff", "not valid UTF-8"),
        ("name: " + "x" * 5000, "longer than"),
    ],
)  # fmt: skip
def test_mistakes_are_told(text, message):
    told = refused(text)
    assert message in told
    assert told.startswith("site.yaml:")


def test_a_private_key_is_not_repeated():
    text = "signers: [{name: a, public_key: '-----BEGIN OPENSSH PRIVATE KEY-----SECRET'}]"
    assert "SECRET" not in refused(text)


def test_a_pem_key_is_a_public_key():
    pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAAAA\n-----END PUBLIC KEY-----"
    text = f"signers:\n  - name: a\n    public_key: |\n      {pem.replace(chr(10), chr(10) + '      ')}\n"
    assert load_site(text.encode(), "s").signers[0].public_key == pem


DIGEST = "0F" * 32


def test_origins_of_models_and_globals_that_may_be_asked_for():
    text = f"""
model_origins: [HuggingFace.co/Qwen/*, 'hub.plant.example:5000/*']
allowed_globals:
  - {{name: a.b.C, owner: x, reason: y, expires: 2027-01-31, sha256: ['sha256:{DIGEST}']}}
  - {{name: 'a.b.*', owner: x, reason: y, expires: 2027-01-31}}
"""
    site = load_site(text.encode(), "s")
    assert site.model_origins == ("huggingface.co/Qwen/*", "hub.plant.example:5000/*")
    assert [entry.name for entry in site.allowed_globals] == ["a.b.C", "a.b.*"]
    assert site.allowed_globals[0].sha256 == (DIGEST.lower(),)


def test_a_file_of_allowed_globals_alone():
    text = b"exceptions: [{name: a.B, owner: x, reason: y, expires: 2027-01-31}]"
    (entry,) = load_allowed_globals(text, "globals.yaml")
    assert entry.name == "a.B"
    for wrong in (b"exception: []", b"{}", b"exceptions: [{name: a.B, pin: 1}]"):
        with pytest.raises(SiteError) as caught:
            load_allowed_globals(wrong, "globals.yaml")
        assert str(caught.value).startswith("globals.yaml:1:")
