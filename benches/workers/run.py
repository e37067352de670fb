"""What workers cost: selections of one process beside those of several, with as many threads in all.

    python3 benches/workers/run.py [--rounds 3] [--workers 4] [--quick] [--binary PATH] [--only WORD]

Each selection is run by `coresift select` in one process and with `--workers`, in turn, `--rounds` times; the least time
of each counts, which is that from rows in memory to picks: workers have checked theirs by then. Picks must be the same.
Prints a table in Markdown: seconds, their ratio, the rounds and bytes that a record has, and the most memory that the
driver was seen to have. It needs numpy.
"""

import argparse
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import common  # noqa: E402
import selection  # noqa: E402


def jobs(folder, quick):
    """Name, features and options of each."""

    def pool(rows, dim):
        rows = rows // 20 if quick else rows
        path = os.path.join(folder, f"{rows}x{dim}.npy")
        if not os.path.exists(path):
            common.clusters(path, rows, dim)
        classes = os.path.join(folder, f"{rows}.txt")
        with open(classes, "w") as file:
            file.writelines(f"{row % 10}\n" for row in range(rows))
        return path, f"--classes={classes}"

    (large, ten), (smaller, _) = pool(1_000_000, 128), pool(100_000, 128)
    return [
        ("norm", large, ["--method=norm", "--budget=1000"]),
        ("Gram-Schmidt", large, ["--method=gram-schmidt", "--budget=1000"]),
        ("TypiClust", large, ["--method=typiclust", "--budget=100"]),
        ("SAS, ten classes", large, ["--method=sas", ten, "--budget=1000"]),
        ("coverage", smaller, ["--method=coverage", "--budget=100"]),
    ]


def most_memory(pid):
    """The most bytes that a process has had at a time."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((int(line.split()[1]) << 10 for line in file if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--binary", default="target/release/coresift")
    parser.add_argument("--only", default="")
    parser.add_argument("--folder", default=os.path.join(tempfile.gettempdir(), "coresift-workers"))
    asked = parser.parse_args()
    os.makedirs(asked.folder, exist_ok=True)
    columns = f"one process, s | {asked.workers} workers, s | ratio | rounds | MB out | MB back | driver, MB"
    print(f"| selection | rows | {columns} |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, features, options in jobs(asked.folder, asked.quick):
        if asked.only not in name:
            continue
        times = ([], [])
        for _ in range(asked.rounds):
            one, alone, _ = selection.run(asked.binary, features, options, most_memory)
            apart = [*options, f"--workers={asked.workers}"]
            several, shared, memory = selection.run(asked.binary, features, apart, most_memory)
            if alone["picks"] != shared["picks"]:
                sys.exit(f"{name}: other picks")
            times[0].append(one)
            times[1].append(several)
        one, several = map(min, times)
        crossed = shared["workers"]
        out, back = (crossed[key] / 1e6 for key in ("bytes_out", "bytes_back"))
        rows = f"{shared['rows']:,} x {shared['dim']}"
        ratio = several / one
        crossing = f"{crossed['rounds']} | {out:.1f} | {back:.1f} | {memory / 1e6:.0f}"
        print(f"| {name} | {rows} | {one:.3f} | {several:.3f} | {ratio:.2f} | {crossing} |", flush=True)


if __name__ == "__main__":
    main()
