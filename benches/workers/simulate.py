"""What selections would take on many workers and more rows than there are here, by what they do on few.

    PYTHONPATH=python python3 benches/workers/simulate.py [--rows 20000] [--dim 512] [--cores 32] [--only WORD]
        [--farther 8:1e8 64:1e9] [--measured FILE]

Each method is run at `--rows` and twice as many (more where it is quick, fewer where it is slow) on 4, 8 and 64
workers of one thread, all in this process and as many at work at a time as there are cores, so that what is seen of a
message is its own: seconds of a core that has others beside it, and bytes either way. Messages that the driver has
under way together make a step, which takes as long as the worker that takes longest; between steps the driver works:

    seconds = workers' seconds / cores + rounds * delay + driver's seconds + bytes / bandwidth

All bytes pass the driver's link. Every kind of message grows by itself: seconds and bytes as a + b * rows, seconds of
what compares all rows of a pool or a cluster as a * rows + b * rows^2. There are as many messages as before,
or more by the logarithm of rows; one for each piece of rows where those make pieces. A worker's cores are taken to
share its work evenly. First it is said how near that comes to a real run of four processes at four times the rows,
which share the cores that are here, with the delay and bandwidth of pipes; then what it says of more workers and
rows, or nothing where `--farther` has none. It needs numpy, the release binary, and the Python package with its
library in place (`python/README.md`).
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

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "peers")]
import common  # noqa: E402
import selection  # noqa: E402

NETWORKS = [(0.5e-3, 1e9 / 8), (0.5e-3, 10e9 / 8), (0.5e-3, 100e9 / 8), (2e-3, 10e9 / 8), (10e-3, 10e9 / 8)]
FARTHER = ["8:1e8", "64:1e8", "8:1e9", "64:1e9"]
# Rows of a latent class, however many there are.
CLASS = 5_000
# A message is held for so long, times the workers, for those sent with it to be seen beside it: a driver that waits
# longer is slower afterwards.
HELD = 0.1e-3

# What is seen of a kind of message.
FIGURES = ("messages", "rounds", "bytes", "all", "most", "driver")
# Sweeps of k-means and passes of k-center: more rows need more of them, by their logarithm, each of all rows.
SWEEPS = ("Clustered.0", "Distanced.2")
# What the driver does before these is of centres, however many rows there are.
OF_CENTRES = ("Seeds.0", "Clustered.0")
# From so many times as many messages for twice the rows on there is one for each piece of rows; but for rows that are
# asked for a few at a time.
PIECES = 1.5
FEW = "Pool.3"
# What compares all rows of a pool or a cluster: typicality, sums over rows, greedy rounds, rows within a radius; of a
# class that stays where its rows are sums over them, and gains.
ALL_PAIRS = (
    "Pool.16",
    "Similarities.4",
    "Similarities.14",
    "Similarities.16",
    "Neighbours.0",
    "Neighbours.3",
    "Visited.2",
    "Visited.3",
    "Visited.9",
)

# Of quick methods more rows are taken, of slow ones fewer.
SHARE = {"norm": 12.5, "Gram-Schmidt": 12.5, "log-det": 5, "k-center": 5, "coverage": 0.5, "facility location": 0.5}
# The budget, and the options. What is spread has one class of all rows that no worker has the memory for: of this
# many rows as of many more it stays where they are.
METHODS = {
    "norm": (1000, {"method": "norm"}),
    "1,000 clusters of k-means": (1000, {"method": "random", "clusters": 1000}),
    "Gram-Schmidt": (512, {"method": "gram-schmidt"}),
    "log-det": (100, {"method": "log-det"}),
    "k-center": (100, {"method": "k-center"}),
    "SAS, classes of 5,000": (500, {"method": "sas", "classes": True}),
    "herding": (100, {"method": "herding", "spread": True}),
    "TypiClust": (50, {"method": "typiclust"}),
    "ProbCover": (50, {"method": "probcover", "delta": 0.6}),
    "coverage": (50, {"method": "coverage", "storage": "on-the-fly", "spread": True}),
    "facility location": (50, {"method": "facility-location", "storage": "on-the-fly", "spread": True}),
    "facility location, classes of 5,000": (500, {"method": "facility-location", "classes": True}),
}


class Traced:
    """Workers of this process, as many at work at a time as there are cores, and what was seen of their messages."""

    def __init__(self, count):
        from coresift.workers import Worker

        self.workers = [Worker(n_jobs=1) for _ in range(count)]
        self.turn = threading.Semaphore(os.cpu_count())
        self.messages, self.watched = [], False

    def call(self, worker, message, _is_stopped):
        sent = time.perf_counter()
        with self.turn:
            began = time.perf_counter()
            answer = self.workers[worker].call(message)
            took = time.perf_counter() - began
        if not self.watched:
            return answer
        time.sleep(max(0.0, sent + HELD * len(self.workers) - time.perf_counter()))
        done = time.perf_counter()
        size = len(message) + len(answer)
        seen = {"sent": sent, "done": done, "worker": worker, "took": took, "bytes": size, "kind": kind(message)}
        self.messages.append(seen)
        return answer

    def revive(self, worker):
        raise RuntimeError(f"worker {worker} was lost")

    def close(self):
        self.workers = []


HANDLES = ("Pool", "Residuals", "Similarities", "Neighbours", "Assigner", "Clustered", "Seeds", "Distanced", "Visited")


def kind(message):
    """Which message it is: of which handle, and the number of what is asked of it (`src/remote/message.rs`, in
    postcard's encoding: before it are handles that are closed, and messages that waited for this one)."""
    at = 1

    def number():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte, at = message[at], at + 1
            value, shift = value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    for _ in range(number()):
        number()
    for _ in range(number()):
        length = number()
        at += length
    of, _, asked = number(), number(), number()
    found = f"{HANDLES[of]}.{asked}"
    # Rows on their way to another worker, and more of them.
    return "Pool.9" if found == "Similarities.0" else found


def steps(messages):
    """Messages that were under way together, as lists."""
    found, until = [], 0.0
    for message in sorted(messages, key=lambda message: message["sent"]):
        if not found or message["sent"] > until:
            found.append([])
        found[-1].append(message)
        until = max(until, message["done"])
    return found


def busiest(step, cost):
    """The messages of whichever worker's cost most."""
    of_workers = {}
    for message in step:
        of_workers.setdefault(message["worker"], []).append(message)
    return max(of_workers.values(), key=lambda own: sum(map(cost, own)))


def by_kind(messages, began, ended):
    """Of every kind of message: how many there were and how many one after the other, bytes, seconds of all workers
    and of whichever took longest, step by step, and the driver's before it sent them."""
    found = {}

    def add(message, figure, value):
        figures = found.setdefault(message["kind"], dict.fromkeys(FIGURES, 0))
        figures[figure] += value

    before, last = began, None
    for step in steps(messages):
        add(step[0], "driver", max(step[0]["sent"] - before, 0.0))
        before, last = max(message["done"] for message in step), step[0]
        for message in step:
            add(message, "messages", 1)
            add(message, "bytes", message["bytes"])
            add(message, "all", message["took"])
        for message in busiest(step, lambda message: message["took"]):
            add(message, "most", message["took"])
        for message in busiest(step, lambda _: 1):
            add(message, "rounds", 1)
    add(last, "driver", max(ended - before, 0.0))
    return found


# What says nothing of the selection itself.
NOT_OPTIONS = ("classes", "clusters", "spread")


def memory(rows, dim, workers):
    """Bytes for each worker that hold its own rows and their integers, and not those of all."""
    return 4 * rows * dim // workers + 2 * rows * dim


def traced(path, classes, workers, budget, options):
    """Picks of a selection on so many workers, and what it comes to, by kinds of messages."""
    import coresift
    from coresift.workers import WorkerPool

    carrier = Traced(workers)
    given = {key: value for key, value in options.items() if key not in NOT_OPTIONS}
    if "classes" in options:
        given["classes"] = classes
    if "clusters" in options:
        given["classes"] = coresift.KMeans(options["clusters"])
    rows, dim = np.load(path, mmap_mode="r").shape
    bound = {"memory": memory(rows, dim, workers)} if "spread" in options else {}
    with WorkerPool(path, carrier, workers, device="cpu", **bound) as pool:
        carrier.watched = True
        began = time.perf_counter()
        picked = coresift.select(pool, budget, **given)
        ended = time.perf_counter()
        return picked.indices.tolist(), by_kind(carrier.messages, began, ended)


def grown(small, large, times, power=1):
    """What a figure comes to at so many times the rows of the large one, which has twice those of the small one: it
    grows as a + b * rows, or for a power of 2 as a * rows + b * rows^2."""
    if power == 2:
        # Over the rows it grows as the other does.
        return 2 * times * grown(small, large / 2, times)
    slope = max(large - small, 0.0)
    fixed = small - slope
    if fixed < 0:
        slope, fixed = large / 2, 0.0
    return fixed + slope * 2 * times


def of_more(kind, small, large, times, workers, power):
    """Figures of a kind of message at so many times the rows of the large ones."""
    had, has = small["messages"], large["messages"]
    is_pieces = kind not in (*SWEEPS, FEW) and has >= PIECES * had > 0
    more = grown(had, has, times) if is_pieces else has + max(has - had, 0) * math.log2(times) * (had > 0)
    found = {"messages": more, "rounds": large["rounds"] * more / has}
    for key, of in (("bytes", 1), ("all", power), ("driver", 1)):
        if kind in SWEEPS:
            found[key] = more * grown(small[key] / (had or has), large[key] / has, times)
        else:
            found[key] = grown(small[key], large[key], times, of)
    if kind in OF_CENTRES:
        found["driver"] = more * large["driver"] / has
    # More pieces keep more workers busy.
    busy = large["all"] / large["most"] * (more / has if is_pieces else 1) if large["most"] else 1
    found["most"] = found["all"] / min(busy, workers)
    return found


def told(name, traces, times, workers):
    """Figures of a whole selection at so many times the rows of the second trace."""
    small, large = traces
    none = dict.fromkeys(FIGURES, 0)
    has_classes = "classes" in METHODS[name][1]
    found = [
        of_more(kind, small.get(kind, none), figures, times, workers, 2 if kind in ALL_PAIRS and not has_classes else 1)
        for kind, figures in large.items()
    ]
    return {key: sum(figures[key] for figures in found) for key in FIGURES}


def seconds_of(figures, network, cores, compute="most"):
    delay, bandwidth = network
    work = figures[compute] / cores + figures["driver"]
    return work + figures["rounds"] * delay + figures["bytes"] / bandwidth


def in_words(seconds):
    for unit, of in (("y", 365 * 86400), ("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * of:
            return f"{seconds / of:.3g} {unit}"
    return f"{seconds:.3g} s"


def of_pipes():
    """Seconds that a message takes through pipes to another process and back, and bytes a second of long ones; what
    either end does with them is counted with the messages."""
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
    """Seconds of four processes, and their rounds."""
    path, classes = pools.of(rows)
    flags = [f"--{key}={value}" for key, value in options.items() if key not in ("classes", "spread")]
    if "spread" in options:
        flags.append(f"--memory={4 * memory(rows, pools.dim, 4)}B")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        if "classes" in options:
            file.writelines(f"{label}\n" for label in classes)
            file.flush()
            flags.append(f"--classes={file.name}")
        asked = [f"--budget={budget}", *flags, "--workers=4"]
        runs = [selection.run(binary, path, asked, lambda _: 0) for _ in range(3)]
    return min(seconds for seconds, _, _ in runs), runs[0][1]["workers"]["rounds"]


def both(pools, rows, workers, budget, options):
    """Picks and traces at so many rows and twice as many: of two traces each that which took less."""
    traces, picks = [], []
    for count in (rows, 2 * rows):
        of_count = [traced(*pools.of(count), workers, budget, options) for _ in range(2)]
        picked, trace = min(of_count, key=lambda one: sum(kind["all"] + kind["driver"] for kind in one[1].values()))
        traces.append(trace)
        picks.append(picked)
    return traces, picks


def rows_of(name, rows):
    return int(rows * SHARE.get(name, 1))


def measured(asked, farther):
    """What is seen of every method here."""
    pools, found = Pools(asked.folder, asked.dim), {"pipes": of_pipes()}
    for name, (budget, options) in METHODS.items():
        if asked.only not in name:
            continue
        rows = rows_of(name, asked.rows)
        of_four, picks = both(pools, rows, 4, budget, options)
        found[name] = {"real": real(asked.binary, pools, 4 * rows, budget, options), "4": of_four}
        for workers in sorted({workers for workers, _ in farther} - {4}):
            found[name][str(workers)], same = both(pools, rows, workers, budget, options)
            if same != picks:
                sys.exit(f"{name}: other picks")
        print(name, file=sys.stderr, flush=True)
    return found


def near(found, asked):
    """How near it comes to real runs."""
    delay, bandwidth = pipes = found.pop("pipes")
    print(f"Pipes: {1e6 * delay:.0f} us a message, {bandwidth / 1e9:.2f} GB/s\n")
    print("| method | rows | rounds: real | said | seconds: real | said | ratio |\n|---|---|---|---|---|---|---|")
    for name, traces in found.items():
        seconds, rounds = traces["real"]
        figures = told(name, traces["4"], 2, 4)
        guess = seconds_of(figures, pipes, os.cpu_count(), "all")
        rows, said = 4 * rows_of(name, asked.rows), figures["rounds"]
        print(f"| {name} | {rows:,} | {rounds} | {said:.0f} | {seconds:.3f} | {guess:.3f} | {guess / seconds:.2f} |")


def farther_figures(name, traces, asked, workers, count):
    """What a method comes to on so many workers with so many rows."""
    times = count / (2 * rows_of(name, asked.rows))
    figures = told(name, traces[str(workers)], times, workers)
    # Where each of many workers has few rows, bytes of rows are lost among others: more workers have no fewer.
    of_four = told(name, traces["4"], times, 4)
    figures["bytes"] = max(figures["bytes"], of_four["bytes"])
    if "spread" in METHODS[name][1]:
        # All workers have their share of all that is done, which the fewest, of the most rows each, show best.
        figures["most"] = of_four["all"] / workers
    return figures


def far(found, asked, farther):
    """What it says of more workers and rows: rounds and bytes, then seconds on every network."""
    titles = " | ".join(f"{workers} workers, {count:g} rows" for workers, count in farther)
    head = f"| method | {titles} |\n|---|" + "---|" * len(farther)
    figures = {name: [farther_figures(name, traces, asked, *one) for one in farther] for name, traces in found.items()}
    print(f"\nRounds, and GB through the driver\n\n{head}")
    for name, of_name in figures.items():
        print(f"| {name} | " + " | ".join(f"{one['rounds']:.0f}, {one['bytes'] / 1e9:.3g}" for one in of_name) + " |")
    for delay, bandwidth in NETWORKS:
        title = f"{1000 * delay:g} ms a call, {bandwidth * 8 / 1e9:g} Gbit/s, {asked.cores} cores a worker"
        print(f"\n{title}\n\n{head}")
        for name, of_name in figures.items():
            seconds = [seconds_of(one, (delay, bandwidth), asked.cores) for one in of_name]
            print(f"| {name} | " + " | ".join(map(in_words, seconds)) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--cores", type=int, default=32, help="of each worker that is predicted")
    parser.add_argument("--binary", default="target/release/coresift")
    parser.add_argument("--only", default="")
    parser.add_argument("--farther", nargs="*", default=FARTHER, help="workers:rows of each column")
    parser.add_argument("--measured", help="a file that keeps what was measured: read instead where it exists")
    parser.add_argument("--folder", default=os.path.join(tempfile.gettempdir(), "coresift-workers"))
    asked = parser.parse_args()
    os.makedirs(asked.folder, exist_ok=True)
    parts = [one.split(":") for one in asked.farther]
    farther = [(int(workers), float(count)) for workers, count in parts]
    if asked.measured and os.path.exists(asked.measured):
        with open(asked.measured) as file:
            found = json.load(file)
    else:
        found = measured(asked, farther)
        if asked.measured:
            with open(asked.measured, "w") as file:
                json.dump(found, file)
    near(found, asked)
    if farther:
        far(found, asked, farther)


if __name__ == "__main__":
    main()
