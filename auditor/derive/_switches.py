"""Tells how the switches of a setting stand in one service."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from auditor.catalogues.settings import Setting, Switch
from auditor.redaction import is_secret_name

State = Literal["safe", "unsafe", "unset"] | None
# Whether a host is held by the site; `None` where that cannot be told.
Inside = Callable[[str], bool | None]

# A path, or a scheme that has no host (`file:///x`; `file://host/x` has one).
_LOCAL = re.compile(r"/(?!/).*|\.{1,2}/.*|(?:file|sqlite|unix):(?:///.*|(?!//).*)")
_SEPARATOR = re.compile(r"[,;\s]+")
_NOT_A_HOST = re.compile(r"[^\w.\-:]")


class Situation(Struct, frozen=True, kw_only=True):
    """What a service was started with; `None` where that could not be read.

    A variable whose value is `None` is set by something that could not be resolved.
    """

    environment: dict[str, str | None] | None
    arguments: tuple[str, ...] | None
    inside: Inside


def state_of(setting: Setting, situation: Situation) -> State:
    """Return how a setting stands: its switches first, what happens by default after them."""
    states = [switch_state(switch, situation) for switch in setting.switches]
    default: State = "unset" if setting.default_leaves else "safe"
    if setting.decides == "first":
        return next((state for state in states if state != "unset"), default)
    # One safe switch is enough for `any`; one unsafe switch is enough against `all`.
    order: tuple[State, State] = ("safe", "unsafe")
    strongest, weakest = order if setting.decides == "any" else order[::-1]
    if strongest in states:
        return strongest
    if None in states:
        return None
    return weakest if weakest in states else default


def observed(setting: Setting, situation: Situation) -> str:
    """Return the switches that are set, in words: `DO_NOT_TRACK=1, --usage-stats=on`."""
    return ", ".join(_observed(setting, situation))


def switch_state(switch: Switch, situation: Situation) -> State:
    """Return how one variable or flag stands."""
    if switch.flag:
        if situation.arguments is None:
            return None
        value = flag_value(situation.arguments, switch.flag)
    else:
        if situation.environment is None:
            return None
        if switch.variable not in situation.environment:
            return "unset"
        value = situation.environment[switch.variable]
        if value is None:
            return None
    return "unset" if value is None else _compared(switch, value, situation.inside)


def flag_value(arguments: tuple[str, ...], flag: str) -> str | None:
    """Return the value of a flag's last occurrence, `` where it has none, `None` where absent.

    `--usage_stats` is `--usage-stats`: several argument parsers take both.
    """
    wanted = _spelling(flag)
    found: str | None = None
    for position, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if _spelling(name) != wanted:
            continue
        following = arguments[position + 1 : position + 2]
        if equals:
            found = value
        else:
            found = following[0] if following and not following[0].startswith("-") else ""
    return found


def _compared(switch: Switch, value: str, inside: Inside) -> State:
    """Return how a value that is there compares with what is safe."""
    if switch.compare in ("set", "unset"):
        return _presence(switch, value)
    if switch.compare == "inside":
        return _leads_inside(value, inside) if value.strip() else "unset"
    # Programs take the value as it is: ` 1` is not `1`. What makes it unsafe is sought leniently.
    as_it_is = {"exact": value, "any-case": value.lower()}
    plain = as_it_is.get(switch.compare, value.strip().lower())
    if not plain and plain not in switch.values:
        return "unset"
    if switch.compare in ("exact", "any-case"):
        safe = plain in switch.values
    elif switch.compare == "no-item":
        safe = not any(item in switch.values for item in _SEPARATOR.split(plain))
    else:
        safe = plain not in switch.values
    return "safe" if safe else "unsafe"


def _presence(switch: Switch, value: str) -> State:
    """Return the state of a switch that matters by being there at all.

    A flag may stand alone and may be denied (`--share=false`); the value of a secret is not
    kept, so that an empty one is there all the same.
    """
    if switch.flag:
        there = value.strip().lower() not in ("false", "0", "no", "off")
    else:
        there = value != "" or is_secret_name(switch.variable)
    if switch.compare == "set":
        return "safe" if there else "unset"
    return "unsafe" if there else "unset"


def _leads_inside(value: str, inside: Inside) -> State:
    """Return `safe` where every address in a value is local or held by the site."""
    verdicts = [_address_inside(item, inside) for item in _SEPARATOR.split(value.strip()) if item]
    if False in verdicts:
        return "unsafe"
    return None if None in verdicts or not verdicts else "safe"


def _address_inside(item: str, inside: Inside) -> bool | None:
    if _LOCAL.fullmatch(item):
        return True
    if "$" in item or "\\" in item:
        return None
    try:
        host = urlsplit(item if "//" in item else f"//{item}").hostname
    except ValueError:
        return None
    if not host or _NOT_A_HOST.search(host):
        return None
    return inside(host)


def _observed(setting: Setting, situation: Situation) -> Iterator[str]:
    for switch in setting.switches:
        if switch.variable and situation.environment is not None:
            if switch.variable in situation.environment:
                yield _shown(switch.variable, situation.environment[switch.variable])
        elif switch.flag and situation.arguments is not None:
            value = flag_value(situation.arguments, switch.flag)
            if value is not None:
                yield f"{switch.flag}={value}" if value else switch.flag


def _shown(name: str, value: str | None) -> str:
    if is_secret_name(name):
        return f"{name} (a secret)"
    return f"{name} (not resolved)" if value is None else f"{name}={value}"


def _spelling(flag: str) -> str:
    return flag.replace("_", "-") if flag.startswith("--") else flag
