"""One selection by the command, and what was seen of its process."""

import json
import subprocess
import sys
import tempfile
import time


def run(binary, features, options, seen):
    """Seconds from rows in memory to picks, the record, and the most that `seen` made of the process, by its number."""
    command = [binary, "select", features, *options, "--device=cpu", "--json"]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child, most = subprocess.Popen(command, stdout=out, stderr=err), 0
        while child.poll() is None:
            most = max(most, seen(child.pid))
            time.sleep(0.002)
        out.seek(0)
        err.seek(0)
        told = err.read().decode()
        if child.returncode != 0:
            sys.exit(told)
        seconds = float(told.split(" s from memory")[0].split()[-1])
        return seconds, json.loads(out.read()), most
