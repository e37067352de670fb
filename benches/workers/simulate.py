"""What selections would take on many workers and more rows than there are here, by what they take on few.

    python3 benches/workers/simulate.py [--rows 20000] [--dim 512] [--cores 32] [--quick] [--binary PATH] [--only WORD]

Each method is run at `--rows` and twice as many, on one thread for its core-seconds, and by four workers for its messages,
bytes, and the driver's own time. From these, as they grow with the rows:

    seconds = core-seconds / (workers * cores) + driver's + rounds * delay + bytes / bandwidth

Core-seconds grow by a power of the rows, fitted, and so do the driver's and bytes; rounds by the logarithm. First it is
said how near that comes to a real run of four workers at four times the rows, with the delay and bandwidth of pipes; then
what it says of 8 and 64 workers at 10^8 and 10^9 rows. It needs numpy.
"""

import argparse
import math
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import common  # noqa: E402
import selection  # noqa: E402

# Of pipes here: seconds a message takes there and back, and bytes a second.
PIPE = (60e-6, 1.5e9)
NETWORKS = [(0.5e-3, 1e9 / 8), (0.5e-3, 10e9 / 8), (2e-3, 10e9 / 8), (10e-3, 10e9 / 8), (0.5e-3, 100e9 / 8)]
FARTHER = [(8, 10**8), (64, 10**8), (8, 10**9), (64, 10**9)]
# Rows of a latent class, however many there are.
CLASS = 5_000

METHODS = {
    "norm": ["--method=norm", "--budget=1000"],
    "Gram-Schmidt": ["--method=gram-schmidt", "--budget=512"],
    "log-det": ["--method=log-det", "--budget=100"],
    "k-center": ["--method=k-center", "--budget=100"],
    "TypiClust": ["--method=typiclust", "--budget=50"],
    "SAS": ["--method=sas", "--budget=500", "--classes={classes}"],
    "ProbCover": ["--method=probcover", "--budget=50", "--delta=0.6"],
    "coverage": ["--method=coverage", "--budget=50"],
    "facility location": ["--method=facility-location", "--budget=50", "--storage=on-the-fly"],
    "herding": ["--method=herding", "--budget=100"],
}


def pool(folder, rows, dim):
    path = os.path.join(folder, f"{rows}x{dim}.npy")
    if not os.path.exists(path):
        common.clusters(path, rows, dim)
    classes = os.path.join(folder, f"{rows}.txt")
    with open(classes, "w") as file:
        file.writelines(f"{row * max(rows // CLASS, 1) // rows}\n" for row in range(rows))
    return path, classes


def own_seconds(pid):
    """What a process has used of processors itself."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(binary, folder, rows, dim, options):
    """Core-seconds, the driver's seconds, rounds, and bytes either way, of so many rows."""
    features, classes = pool(folder, rows, dim)
    options = [option.format(classes=classes) for option in options]
    alone, picked, _ = selection.run(binary, features, [*options, "--threads=1"], own_seconds)
    seconds, shared, own = selection.run(binary, features, [*options, "--workers=4"], own_seconds)
    if picked["picks"] != shared["picks"]:
        sys.exit(f"{options}: other picks")
    crossed = shared["workers"]
    of = {
        "work": alone,
        "driver": own,
        "rounds": crossed["rounds"],
        "bytes": crossed["bytes_out"] + crossed["bytes_back"],
    }
    return of, seconds


def grown(small, large, times):
    """What a figure comes to at so many times the rows of the large one, where it grows by a power."""
    power = max(math.log2(large / small), 0.0) if small > 0 and large > 0 else 1.0
    return large * times ** min(power, 2.0)


def predicted(small, large, times, workers, cores, network):
    delay, bandwidth = network
    work, driver, crossing = (grown(small[key], large[key], times) for key in ("work", "driver", "bytes"))
    rounds = large["rounds"] + (large["rounds"] - small["rounds"]) * math.log2(times)
    return work / (workers * cores) + driver + max(rounds, 1) * delay + crossing / bandwidth


def in_words(seconds):
    for unit, of in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * of:
            return f"{seconds / of:.3g} {unit}"
    return f"{seconds:.3g} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--cores", type=int, default=32, help="of each worker that is predicted")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--binary", default="target/release/coresift")
    parser.add_argument("--only", default="")
    parser.add_argument("--folder", default=os.path.join(tempfile.gettempdir(), "coresift-workers"))
    asked = parser.parse_args()
    rows = asked.rows // 10 if asked.quick else asked.rows
    os.makedirs(asked.folder, exist_ok=True)
    here = os.cpu_count()
    found = {}
    print(f"| method | real, 4 workers, {4 * rows:,} rows, s | said, s | ratio |\n|---|---|---|---|", flush=True)
    for name, options in METHODS.items():
        if asked.only not in name:
            continue
        small, _ = measured(asked.binary, asked.folder, rows, asked.dim, options)
        large, _ = measured(asked.binary, asked.folder, 2 * rows, asked.dim, options)
        found[name] = (small, large)
        _, real = measured(asked.binary, asked.folder, 4 * rows, asked.dim, options)
        # The driver's own time is on the same processors.
        driver = grown(small["driver"], large["driver"], 2)
        said = predicted(small, large, 2, min(4, here), 1, PIPE) - driver + driver / min(4, here)
        print(f"| {name} | {real:.3f} | {said:.3f} | {said / real:.2f} |", flush=True)
    for delay, bandwidth in NETWORKS:
        print(f"\n{1000 * delay:g} ms a call, {bandwidth * 8 / 1e9:g} Gbit/s, {asked.cores} cores a worker\n")
        print("| method | " + " | ".join(f"{workers} workers, {count:.0e} rows" for workers, count in FARTHER) + " |")
        print("|---|" + "---|" * len(FARTHER))
        for name, (small, large) in found.items():
            told = [
                in_words(predicted(small, large, count / (2 * rows), workers, asked.cores, (delay, bandwidth)))
                for workers, count in FARTHER
            ]
            print(f"| {name} | " + " | ".join(told) + " |")


if __name__ == "__main__":
    main()
