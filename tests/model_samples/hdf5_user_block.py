from __future__ import annotations

from tests.model_samples.hdf5 import Writer, dataset


def sample() -> bytes:
    writer = Writer(user_block=bytes(65536))
    return writer.done(writer.group([("x", dataset(writer, 2))]))
