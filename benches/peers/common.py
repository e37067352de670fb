"""What the peer benchmarks share: their environment, options, data, oracle, clock and report.

`own_environment` runs before numpy is there, so numpy is imported in functions only.
"""

import contextlib
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from importlib import metadata

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROCESS = "coresift, process"
MEMORY = "coresift, from memory"
PINNED = ["numpy==2.4.6", "scipy==1.17.1"]


def own_environment(name=".venv", more=(), optional=()):
    """Runs the calling script again in an environment beside it, which is made first where it is not:
    what is pinned, `more`, and of `optional` what can be installed."""
    PINNED.extend([*more, *optional])
    home = os.path.join(HERE, name)
    python = os.path.join(home, "bin", "python")
    if os.path.realpath(sys.prefix) == os.path.realpath(home):
        return
    stamp = os.path.join(home, "pinned")
    if not os.path.exists(stamp) or open(stamp).read() != "\n".join(PINNED):
        pip = [python, "-m", "pip", "install", "--quiet"]
        required = [pin for pin in PINNED if pin not in optional]
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([*pip, *required], check=True)
        for pin in optional:
            subprocess.run([*pip, pin, *required])
        with open(stamp, "w") as f:
            f.write("\n".join(PINNED))
    os.execv(python, [python, *sys.argv])


def add_options(parser):
    """What all scripts know."""
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--binary", help="a release binary; default: builds one")
    parser.add_argument("--record", metavar="FILE", help="append the figures to it, for table.py")


# ------------------------------------------------------------------ data


@contextlib.contextmanager
def folder():
    """A temporary folder for features and outputs."""
    with tempfile.TemporaryDirectory(prefix="coresift-peers-") as path:
        yield path


def clusters(path, rows, dim, seed=0):
    """Gaussian clusters after ReLU, f32, written to path in blocks; no row is all zeros."""
    import numpy as np

    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((32, dim), dtype=np.float32)
    out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(rows, dim))
    for at in range(0, rows, 10_000):
        block = out[at : at + 10_000]
        rng.standard_normal(out=(noise := np.empty(block.shape, np.float32)), dtype=np.float32)
        noise += centres[rng.integers(0, len(centres), len(block))]
        np.maximum(noise, 0, out=block)
        assert block.any(1).all()
    out.flush()


def classes_of_clusters(folder, classes, each, dim, seed=0):
    """Paths of features and labels: classes interleaved, each with 32 centres of its own around a mean
    of its own; Gaussian, ReLU, f32."""
    import numpy as np

    rng = np.random.default_rng(seed)
    rows = classes * each
    path, labels_path = (os.path.join(folder, f"{name}.npy") for name in ("features", "labels"))
    labels = np.arange(rows, dtype=np.int64) % classes
    np.save(labels_path, labels)
    centres = rng.standard_normal((classes, 32, dim), dtype=np.float32)
    centres += rng.standard_normal((classes, 1, dim), dtype=np.float32)
    out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(rows, dim))
    for at in range(0, rows, 10_000):
        of_row = labels[at : at + 10_000]
        block = centres[of_row, rng.integers(0, 32, len(of_row))]
        block += rng.standard_normal(block.shape, dtype=np.float32)
        np.maximum(block, 0, out=out[at : at + 10_000])
    out.flush()
    return path, labels_path


# ------------------------------------------------------------------ oracle, in f64


def exponentials(rows, seed, stream=0):
    """E_i = -log1p(-V_i), V_i from the u64 at word position 2i of ChaCha8's stream."""
    import numpy as np

    blocks = rows // 8 + 1
    state = np.zeros((16, blocks), np.uint32)
    state[0:4] = np.frombuffer(b"expand 32-byte k", dtype="<u4")[:, None]
    state[4], state[5] = seed & 0xFFFFFFFF, seed >> 32
    state[12] = np.arange(blocks)
    state[14], state[15] = stream & 0xFFFFFFFF, stream >> 32
    x = state.copy()

    def quarter(a, b, c, d):
        for left, right, by in ((a, b, 16), (c, d, 12), (a, b, 8), (c, d, 7)):
            x[left] += x[right]
            y = x[{a: d, c: b}[left]]
            y ^= x[left]
            y[:] = (y << np.uint32(by)) | (y >> np.uint32(32 - by))

    for _ in range(4):
        for k in range(4):
            quarter(k, 4 + k, 8 + k, 12 + k)
        for k in range(4):
            quarter(k, 4 + (k + 1) % 4, 8 + (k + 2) % 4, 12 + (k + 3) % 4)
    words = (x + state).T.reshape(-1, 2).astype(np.uint64)
    bits = (words[:rows, 0] | (words[:rows, 1] << np.uint64(32))) >> np.uint64(11)
    return -np.log1p(-(bits.astype(np.float64) + 0.5) * 2.0**-53)


def gram_schmidt(features, budget, seed=None):
    """Algorithm 1 below the rank, as a race (row i fires when its hazard reaches E_i), or, without
    a seed, by largest residual."""
    import numpy as np

    r = features.astype(np.float64)
    left = None if seed is None else exponentials(len(r), seed)
    picks = []
    for _ in range(budget):
        length = np.sqrt(np.einsum("ij,ij->i", r, r))
        length[picks] = 0.0
        if left is None:
            pick = int(length.argmax())
        else:
            wait = np.where(length > 0, left / np.where(length > 0, length, 1), np.inf)
            pick = int(wait.argmin())
            left -= wait[pick] * length
        picks.append(pick)
        v = r[pick] / length[pick]
        for _ in range(2):
            r -= np.outer(r @ v, v)
    return picks


def cover(starts, columns, budget, labelled=()):
    """ProbCover: picks, and the rows that each newly covers. Row i covers the columns from starts[i]
    up to the next row's, itself among them; labelled rows have covered theirs."""
    import numpy as np

    ends = np.append(starts[1:], len(columns))
    left = np.ones(len(starts), np.int32)

    def take(row):
        left[columns[starts[row] : ends[row]]] = 0

    for row in labelled:
        take(row)
    picks, degrees = [], []
    for _ in range(budget):
        degree = np.add.reduceat(left[columns], starts)
        picks.append(int(degree.argmax()))
        degrees.append(int(degree.max()))
        take(picks[-1])
    return picks, degrees


def most_typical(squared_among, clusters, budget, labelled=()):
    """TypiClust on squared distances, in the clusters of more than 5 rows: picks, and the least lead
    of one over the next row of its cluster. squared_among gives the squared distances among rows."""
    import numpy as np

    ids, sizes = np.unique(clusters, return_counts=True)
    left = np.ones(len(clusters), bool)
    left[list(labelled)] = False
    counts = [int((clusters[~left] == c).sum()) for c in ids]
    order = sorted((count, -size, c) for count, size, c in zip(counts, sizes, ids) if size > 5)
    picks, least = [], np.inf
    for turn in range(budget):
        rows = np.flatnonzero(left & (clusters == order[turn % len(order)][2]))
        k = min(20, len(rows) // 2)
        assert k > 0, "a cluster is used up"
        near = np.sort(squared_among(rows), axis=1)[:, 1 : k + 1]
        typicality = 1 / (near.mean(1) + 1e-5)
        second, best = np.sort(typicality)[-2:]
        least = min(least, (best - second) / best)
        picks.append(int(rows[typicality.argmax()]))
        left[picks[-1]] = False
    return picks, float(least)


# ------------------------------------------------------------------ coresift


def build():
    """Builds the release binary; gives its path."""
    subprocess.run(["cargo", "build", "--release"], cwd=ROOT, check=True)
    question = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    told = subprocess.run(question, cwd=ROOT, check=True, capture_output=True).stdout
    return os.path.join(json.loads(told)["target_directory"], "release", "coresift")


class Coresift:
    """Runs `coresift select`, and `coresift duplicates`."""

    def __init__(self, binary, device="cpu"):
        self.binary = binary
        self.device = device

    def command(self, features, method, budget, *options):
        return [
            *(self.binary, "select", features, "--method", method, "--budget", str(budget)),
            *("--seed", "1", "--device", self.device, "--quiet", "--json", *options),
        ]

    def duplicates(self, features, *options):
        return [self.binary, "duplicates", features, "--device", self.device, "--quiet", "--json", *options]

    def select(self, *arguments):
        """The selection as printed, and the seconds from the process's start to its exit."""
        return self.record(self.command(*arguments))

    def record(self, command):
        """The same of any command."""
        began = time.perf_counter()
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        return json.loads(told), time.perf_counter() - began

    def times(self, *arguments):
        """Seconds of a run, and what it says of itself: from features in memory to picks, their
        check included."""
        return self.times_of(self.command(*arguments))

    def times_of(self, command):
        """The same of any command."""
        command = [word for word in command if word != "--quiet"]
        began = time.perf_counter()
        told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
        process = time.perf_counter() - began
        from_memory = re.search(r"([\d.]+) s from memory", told)
        return {PROCESS: process, MEMORY: float(from_memory[1])}

    def peak_memory(self, *arguments):
        return self.peak_memory_of(self.command(*arguments))

    def peak_memory_of(self, command):
        """Largest resident set in bytes. Started from a small process of its own: a child counts
        what its parent held when it was made."""
        small = (
            "import resource, subprocess, sys;"
            "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        told = subprocess.run(
            [sys.executable, "-c", small, *command], check=True, capture_output=True
        )
        return int(told.stdout) * (1 if sys.platform == "darwin" else 1024)


# ------------------------------------------------------------------ clock and report


def timed(job):
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


class Clock:
    """Wall seconds of calls; processor seconds by the same names."""

    def __init__(self):
        self.cpu = {}

    def of(self, name, call):
        began = time.perf_counter(), time.process_time()
        result = call()
        seconds = time.perf_counter() - began[0]
        self.cpu.setdefault(name, []).append(time.process_time() - began[1])
        return seconds, result

    def of_child(self, name, call):
        import resource

        def spent():
            usage = resource.getrusage(resource.RUSAGE_CHILDREN)
            return usage.ru_utime + usage.ru_stime

        began = spent()
        result = call()
        self.cpu.setdefault(name, []).append(spent() - began)
        return result

    def report(self):
        print("\nprocessor seconds, median of runs:")
        for name, seconds in self.cpu.items():
            print(f"{name:44}{median(seconds):9.3f}")


def alternate(jobs, rounds):
    """Runs jobs in turn. A job is (name, its number of rounds or None for all, call); a call gives
    seconds by name, so that one run may be clocked twice."""
    times = {}
    for turn in range(rounds):
        for name, own_rounds, call in jobs:
            if own_rounds is None or turn < own_rounds:
                print(f"round {turn + 1}: {name}", file=sys.stderr)
                for key, seconds in call().items():
                    times.setdefault(key, []).append(seconds)
    return times


def median(values):
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def report(title, times, pairs):
    """Prints machine, medians, and for each pair (peer, ours) the peer's median over ours."""
    print(f"\n{title}\n{machine()}\n")
    print(f"{'':44}{'median':>9}{'min':>9}{'max':>9}  runs")
    for name, values in times.items():
        figures = "".join(f"{v:9.3f}" for v in (median(values), min(values), max(values)))
        print(f"{name:44}{figures}  {len(values)}")
    print()
    for peer, ours in pairs:
        print(f"{median(times[peer]) / median(times[ours]):8.2f} x  {peer}  over  {ours}")


def report_memory(peak, features, more=None):
    """Peak against features and `more` bytes; without it 15 % of the features, at least 48 MiB."""
    bound = features + (max(0.15 * features, 48 * 2**20) if more is None else more)
    verdict = "within" if peak <= bound else "PAST"
    mib = 2.0**20
    print(
        f"\npeak memory {peak / mib:.0f} MiB, features {features / mib:.0f} MiB: "
        f"{verdict} the bound of {bound / mib:.0f} MiB"
    )


def record(path, job, times, comparisons, asked_seconds=None):
    """Appends the figures of a job to a file, where one is given: for each (peer, what to call it, our
    process, ours from memory, what is asked of the ratio) seconds of all runs. Of ours one may be None,
    and so may what is asked, of the ratio or of our seconds from memory."""
    if path is None:
        return
    with open(path, "a") as f:
        for peer, name, process, memory, asked in comparisons:
            entry = {"job": job, "peer": name, "peer_seconds": times[peer]}
            entry |= {"process": times.get(process), "memory": times.get(memory)}
            entry |= {"asked_ratio": asked, "asked_seconds": asked_seconds}
            print(json.dumps({**entry, **about()}), file=f)


def machine():
    told = about()
    load = ", ".join(f"{v:.1f}" for v in told["load"])
    return f"{told['machine']}, load {load}; {told['date']}\n{', '.join(told['versions'])}"


def about():
    cpu = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = open("/proc/cpuinfo").read().splitlines()
        cpu = next((line.split(":")[1].strip() for line in lines if "model name" in line), cpu)
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count()
    rustc = "no rustc here"  # where a binary was brought along
    with contextlib.suppress(OSError):
        rustc = subprocess.run(["rustc", "--version"], cwd=ROOT, capture_output=True, text=True).stdout
    return {
        "machine": f"{cpu}, {cores} cores",
        "load": os.getloadavg(),
        "date": str(datetime.date.today()),
        "versions": [rustc.strip(), f"python {platform.python_version()}", *installed()],
    }


def installed():
    for pin in PINNED:
        name = pin.split("==")[0]
        with contextlib.suppress(metadata.PackageNotFoundError):
            yield f"{name} {metadata.version(name)}"
