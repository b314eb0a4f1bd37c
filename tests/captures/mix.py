"""A large capture of mixed traffic: conversations that overlap in time, packet by packet."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from operator import itemgetter

from tests.captures import scenes
from tests.captures.stage import Packet, Stage

# How often each scene plays, of a thousand.
WEIGHTS = (
    (scenes.tls_download, 330),
    (scenes.dns_lookup, 330),
    (scenes.http_download, 75),
    (scenes.quic_download, 65),
    (scenes.industrial_polling, 90),
    (scenes.ssh_session, 20),
    (scenes.unanswered, 20),
    (scenes.refused, 10),
    (scenes.ping, 15),
    (scenes.time_asked, 15),
    (scenes.link_chatter, 15),
    (scenes.fragmented, 5),
    (scenes.mid_stream, 10),
)
STEP = 256


def mixed(count: int, seed: int = 1, stage: Stage | None = None) -> Iterator[list[Packet]]:
    """Yield `count` packets and the rest of what was begun, in order of time; the truth is the stage's."""
    stage = stage or Stage(seed, world=True)
    plays = [play for play, _weight in WEIGHTS]
    bounds = list(accumulate(weight for _play, weight in WEIGHTS))
    waiting: list[Packet] = []
    made = 0
    while made < count:
        for _each in range(STEP):
            stage.later(0, 4_000_000)
            kept = stage.now
            play = plays[bisect_right(bounds, int(stage.rng.random() * bounds[-1]))]
            play(stage)
            stage.now = kept  # the next one begins while this one still goes on
        made += len(stage.packets)
        waiting += stage.packets
        stage.packets = []
        waiting.sort(key=itemgetter(0))
        ready = bisect_right(waiting, stage.now, key=itemgetter(0))
        yield waiting[:ready]
        del waiting[:ready]
    yield waiting
