"""The process gives way and gives up what it does not need."""

import subprocess
import sys

CHILD = """
import os, resource
from auditor.host.live import restrain
words = restrain()
status = open('/proc/self/status').read()
assert os.nice(0) >= 10, words
assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] <= 1024
assert resource.getrlimit(resource.RLIMIT_AS)[0] <= 2 * 1024**3
assert 'NoNewPrivs:\\t1' in status
print(' '.join(words))
"""


def test_restraints_take_effect():
    done = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, check=True, timeout=30
    )
    words = done.stdout.split()
    for word in ("nice", "no-core", "memory", "open-files", "not-dumpable", "no-new-privileges"):
        assert word in words
