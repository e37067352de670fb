"""What selections would take on many workers and more rows than there are here, by what they do on few.

    PYTHONPATH=python python3 benches/workers/simulate.py [--rows 20000] [--dim 512] [--cores 32] [--only WORD]
        [--farther 8:1e8 64:1e9]

Each method is run at `--rows` and twice as many (five times that where it is quick, half where it is slow) on 4, 8 and 64
workers of one thread, all in this process and as many at work at a time as there are cores, so that what is seen of a
message is its own: seconds of a core that has others beside it, and bytes either way. Messages that the driver has under
way together make a step, which takes as long as the worker that takes longest; between steps the driver works:

    seconds = sum over steps of (most of a worker: seconds / cores + messages * delay) + driver's + bytes / bandwidth

All bytes pass the driver's link. A worker's seconds grow as a + b * rows, or where a method compares all rows of a class or
a cluster as a * rows + b * rows^2; bytes and the driver's seconds as a + b * rows; messages by the logarithm of rows. First
it is said how near that comes to a real run of four processes at four times the rows, which share the cores that are here,
with the delay and bandwidth of pipes; then what it says of 8 and 64 workers at 10^8 and 10^9 rows. It needs numpy, the
release binary, and the Python package with its library in place (`python/README.md`).
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "peers")]
import common  # noqa: E402
import selection  # noqa: E402

NETWORKS = [(0.5e-3, 1e9 / 8), (0.5e-3, 10e9 / 8), (0.5e-3, 100e9 / 8), (2e-3, 10e9 / 8), (10e-3, 10e9 / 8)]
FARTHER = ["8:1e8", "64:1e8", "8:1e9", "64:1e9"]
# Rows of a latent class, however many there are.
CLASS = 5_000
# A message is held for so long, for those sent with it to be seen beside it.
HELD = 2e-3

# Of quick methods more rows are taken, of slow ones fewer.
SHARE = {"norm": 5, "Gram-Schmidt": 5, "log-det": 5, "k-center": 5, "coverage": 0.5, "facility location": 0.5}
# The power of the rows by which a worker's seconds grow, the budget, and the options.
METHODS = {
    "norm": (1, 1000, {"method": "norm"}),
    "1,000 clusters of k-means": (1, 1000, {"method": "random", "clusters": 1000}),
    "Gram-Schmidt": (1, 512, {"method": "gram-schmidt"}),
    "log-det": (1, 100, {"method": "log-det"}),
    "k-center": (1, 100, {"method": "k-center"}),
    "SAS, classes of 5,000": (1, 500, {"method": "sas", "classes": True}),
    "herding": (1, 100, {"method": "herding"}),
    "TypiClust": (2, 50, {"method": "typiclust"}),
    "ProbCover": (2, 50, {"method": "probcover", "delta": 0.6}),
    "coverage": (2, 50, {"method": "coverage", "storage": "on-the-fly"}),
    "facility location": (2, 50, {"method": "facility-location", "storage": "on-the-fly"}),
}


class Traced:
    """Workers of this process, as many at work at a time as there are cores, and what was seen of their messages."""

    def __init__(self, count):
        from coresift.workers import Worker

        self.workers = [Worker(n_jobs=1) for _ in range(count)]
        self.turn = threading.Semaphore(os.cpu_count())
        self.messages = []

    def call(self, worker, message, _is_stopped):
        sent = time.perf_counter()
        with self.turn:
            began = time.perf_counter()
            answer = self.workers[worker].call(message)
            took = time.perf_counter() - began
        time.sleep(max(0.0, sent + HELD - time.perf_counter()))
        done = time.perf_counter()
        self.messages.append((sent, done, worker, took, len(message) + len(answer)))
        return answer

    def revive(self, worker):
        raise RuntimeError(f"worker {worker} was lost")

    def close(self):
        self.workers = []


def steps(messages):
    """Messages that were under way together: when the first was sent, when the last was answered, and of each worker its
    seconds and messages."""
    found = []
    for sent, done, worker, took, _ in sorted(messages):
        if not found or sent > found[-1]["done"]:
            found.append({"sent": sent, "done": done, "workers": {}})
        step = found[-1]
        step["done"] = max(step["done"], done)
        seconds, count = step["workers"].get(worker, (0.0, 0))
        step["workers"][worker] = (seconds + took, count + 1)
    return found


def traced(path, classes, workers, budget, options):
    """What a selection comes to on so many workers: seconds of whichever takes longest, step by step, and of all; the
    driver's; messages one after the other; bytes."""
    import coresift
    from coresift.workers import WorkerPool

    carrier = Traced(workers)
    given = {key: value for key, value in options.items() if key not in ("classes", "clusters")}
    if "classes" in options:
        given["classes"] = classes
    if "clusters" in options:
        given["classes"] = coresift.KMeans(options["clusters"])
    with WorkerPool(path, carrier, workers, device="cpu") as pool:
        carrier.messages.clear()
        began = time.perf_counter()
        picked = coresift.select(pool, budget, **given)
        ended = time.perf_counter()
        found = steps(carrier.messages)
        crossed = sum(message[4] for message in carrier.messages)
    of_workers = [list(step["workers"].values()) for step in found]
    away = sum(step["done"] - step["sent"] for step in found)
    return picked.indices.tolist(), {
        "most": sum(max(seconds for seconds, _ in of_step) for of_step in of_workers),
        "all": sum(seconds for of_step in of_workers for seconds, _ in of_step),
        "driver": max(ended - began - away, 0.0),
        "messages": sum(max(count for _, count in of_step) for of_step in of_workers),
        "bytes": crossed,
    }


def grown(small, large, times, power=1):
    """What a figure comes to at so many times the rows of the large one, which has twice those of the small one: it grows
    as a + b * rows, or for a power of 2 as a * rows + b * rows^2."""
    if power == 2:
        # Over the rows it grows as the other does.
        return 2 * times * grown(small, large / 2, times)
    slope = max(large - small, 0.0)
    fixed = small - slope
    if fixed < 0:
        slope, fixed = large / 2, 0.0
    return fixed + slope * 2 * times


def said(traces, times, power, network, cores=1, compute="most"):
    """Seconds at so many times the rows of the second trace."""
    small, large = traces
    delay, bandwidth = network
    messages = large["messages"] + max(large["messages"] - small["messages"], 0) * math.log2(times)
    work = grown(small[compute], large[compute], times, power) / cores
    driver, crossing = (grown(small[key], large[key], times) for key in ("driver", "bytes"))
    return work + driver + messages * delay + crossing / bandwidth


def in_words(seconds):
    for unit, of in (("y", 365 * 86400), ("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * of:
            return f"{seconds / of:.3g} {unit}"
    return f"{seconds:.3g} s"


def of_pipes():
    """Seconds that a message takes through pipes to another process and back, and bytes a second of long ones; what either
    end does with them is counted with the messages."""
    size, times = 1 << 20, 256
    echo = f"""
import os
while os.read(0, 64) == b"short":
    os.write(1, b"short")
for _ in range({times}):
    os.write(1, bytes({size}))
"""
    with subprocess.Popen(
        [sys.executable, "-c", echo], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as child:
        delays, into = [], memoryview(bytearray(size))
        for _ in range(200):
            began = time.perf_counter()
            child.stdin.write(b"short")
            child.stdout.read(64)
            delays.append(time.perf_counter() - began)
        child.stdin.write(b"long")
        began, left = time.perf_counter(), size * times
        while left > 0:
            left -= child.stdout.readinto(into)
        took = time.perf_counter() - began
    return sorted(delays)[100], size * times / took


class Pools:
    """Features of any number of rows, and classes of them that lie anywhere."""

    def __init__(self, folder, dim):
        self.folder, self.dim = folder, dim

    def of(self, rows):
        path = os.path.join(self.folder, f"{rows}x{self.dim}.npy")
        if not os.path.exists(path):
            common.clusters(path, rows, self.dim)
        return path, [row % max(rows // CLASS, 1) for row in range(rows)]


def real(binary, pools, rows, budget, options):
    """Seconds of four processes."""
    path, classes = pools.of(rows)
    told = [f"--{key}={value}" for key, value in options.items() if key != "classes"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        if "classes" in options:
            file.writelines(f"{label}\n" for label in classes)
            file.flush()
            told.append(f"--classes={file.name}")
        asked = [f"--budget={budget}", *told, "--workers=4"]
        return min(selection.run(binary, path, asked, lambda _: 0)[0] for _ in range(2))


def both(pools, rows, workers, budget, options):
    """The traces at so many rows and twice as many: of two each that which took less."""
    traces, picks = [], []
    for count in (rows, 2 * rows):
        of_count = [traced(*pools.of(count), workers, budget, options) for _ in range(2)]
        picked, trace = min(of_count, key=lambda one: one[1]["all"] + one[1]["driver"])
        traces.append(trace)
        picks.append(picked)
    return traces, picks


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--cores", type=int, default=32, help="of each worker that is predicted")
    parser.add_argument("--binary", default="target/release/coresift")
    parser.add_argument("--only", default="")
    parser.add_argument("--near", action="store_true", help="only beside the real run")
    parser.add_argument("--farther", nargs="*", default=FARTHER, help="workers:rows of each column")
    parser.add_argument("--traces", help="a file that traces are written to")
    parser.add_argument("--folder", default=os.path.join(tempfile.gettempdir(), "coresift-workers"))
    asked = parser.parse_args()
    os.makedirs(asked.folder, exist_ok=True)
    pools, found = Pools(asked.folder, asked.dim), {}
    parts = [one.split(":") for one in asked.farther]
    farther = [(int(workers), float(count)) for workers, count in parts]
    pipes = of_pipes()
    print(f"pipes: {1e6 * pipes[0]:.0f} us a message, {pipes[1] / 1e9:.2f} GB/s\n")
    print("| method | rows | real, 4 workers, s | said, s | ratio |\n|---|---|---|---|---|", flush=True)
    for name, (power, budget, options) in METHODS.items():
        if asked.only not in name:
            continue
        rows = int(asked.rows * SHARE.get(name, 1))
        of_four, picks = both(pools, rows, 4, budget, options)
        measured = real(asked.binary, pools, 4 * rows, budget, options)
        near = said(of_four, 2, power, pipes, cores=os.cpu_count(), compute="all")
        print(f"| {name} | {4 * rows:,} | {measured:.3f} | {near:.3f} | {near / measured:.2f} |", flush=True)
        found[name] = {4: of_four}
        for workers in () if asked.near else sorted({workers for workers, _ in farther}):
            found[name][workers], same = both(pools, rows, workers, budget, options)
            if same != picks:
                sys.exit(f"{name}: other picks")
    if asked.traces:
        with open(asked.traces, "w") as file:
            json.dump(found, file)
    for delay, bandwidth in () if asked.near else NETWORKS:
        print(f"\n{1000 * delay:g} ms a call, {bandwidth * 8 / 1e9:g} Gbit/s, {asked.cores} cores a worker\n")
        print("| method | " + " | ".join(f"{workers} workers, {count:g} rows" for workers, count in farther) + " |")
        print("|---|" + "---|" * len(farther))
        for name, traces in found.items():
            power, rows = METHODS[name][0], int(asked.rows * SHARE.get(name, 1))
            told = [
                in_words(said(traces[workers], count / (2 * rows), power, (delay, bandwidth), asked.cores))
                for workers, count in farther
            ]
            print(f"| {name} | " + " | ".join(told) + " |")


if __name__ == "__main__":
    main()
