"""What `coresift plan` says against what `coresift select` takes, on the pools of the benchmarks.

    python3 benches/plan/run.py [--rounds 5] [--quick] [--binary PATH] [--only WORD]

Each selection is planned and run in turn, `--rounds` times: its time is the least wall time of the process,
its memory the most of its anonymous memory, by a look every millisecond, and its passes those that
it tells. The plan's time is the median of the rounds', each by a calibration of its own (`--calibrate`).
A ratio is what is said over what it took. Exits with 1 where a time is off by more than 1.5, or 3 where the
plan says that it depends on the values, or memory by more than a tenth where it is 100 MB or more.
"""

import argparse
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import common  # noqa: E402

common.own_environment(".venv")
LARGE = 100e6


def jobs(folder, quick):
    """Name, features and options of each."""

    def pool(rows, dim):
        rows = max(rows // 20, 1000) if quick else rows
        path = os.path.join(folder, f"{rows}x{dim}.npy")
        if not os.path.exists(path):
            common.clusters(path, rows, dim)
        return path

    def classes(count, each):
        name = os.path.join(folder, str(count))
        os.makedirs(name, exist_ok=True)
        return common.classes_of_clusters(name, count, each // 10 if quick else each, 512)

    directions, labelling, many = pool(50_000, 512), pool(20_000, 128), pool(1_000_000, 512)
    yield "gram-schmidt", directions, "--method gram-schmidt --budget 200"
    yield "gram-schmidt 2000", directions, "--method gram-schmidt --budget 2000"
    yield "gram-schmidt greedy", directions, "--method gram-schmidt --greedy --budget 200"
    yield "gram-schmidt ridge", directions, "--method gram-schmidt --ridge 1 --budget 200"
    yield "log-det", directions, "--method log-det --budget 200"
    yield "gram-schmidt l1", directions, "--method gram-schmidt --norm l1 --budget 20"
    yield "norm, then gram-schmidt", directions, "--method norm --then gram-schmidt --budget 200"
    one, labels_of_one = classes(1, 5000)
    ten, labels_of_ten = classes(10, 5000)
    for refine in ("none", "top-up"):
        sas = f"--method sas --refine {refine}"
        yield f"sas one {refine}", one, f"{sas} --budget 50% --classes {labels_of_one}"
        yield f"sas ten {refine}", ten, f"{sas} --budget 80% --classes {labels_of_ten}"
    fly = f"--method sas --storage on-the-fly --classes {labels_of_ten} --budget 80%"
    yield "sas ten on the fly", ten, fly
    yield "typiclust", labelling, "--method typiclust --budget 100"
    yield "probcover", labelling, "--method probcover --budget 100"
    yield "probcover 0.6", labelling, "--method probcover --budget 100 --delta 0.6"
    yield "k-center", directions, "--method k-center --budget 200"
    yield "random", many, "--method random --budget 1000"
    yield "norm", many, "--method norm --budget 1000"
    yield "norm l1", many, "--method norm --norm l1 --budget 1000"
    yield "max-norm", many, "--method max-norm --budget 1000"
    yield "norm, read", many, "--method norm --budget 1000 --memory 64MiB"
    yield "gram-schmidt, read", many, "--method gram-schmidt --budget 500 --memory 64MiB"
    clusters = pool(1_000_000, 128)
    yield "k-means 25", clusters, "--method random --budget 100 --clusters 100 --max-sweeps 25"
    yield "k-means", clusters, "--method random --budget 100 --clusters 100"


def run(binary, features, options):
    """Seconds, most bytes of anonymous memory, and the record."""
    command = [binary, "select", features, *options.split(), "--device", "cpu", "--json"]
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    peak, status = 0, f"/proc/{child.pid}/status"
    os.set_blocking(child.stdout.fileno(), False)
    told = b""
    while True:
        told += child.stdout.read() or b""
        if child.poll() is not None:
            break
        with open(status) as lines:
            for line in lines:
                if line.startswith("RssAnon:"):
                    peak = max(peak, 1024 * int(line.split()[1]))
        time.sleep(0.001)
    seconds = time.perf_counter() - began
    told += child.stdout.read() or b""
    assert child.returncode == 0, command
    return seconds, peak, json.loads(told)


def plan(binary, features, options, *more):
    command = [binary, "plan", features, *options.split(), "--device", "cpu", "--json", *more]
    began = time.perf_counter()
    told = subprocess.run(command, check=True, capture_output=True).stdout
    return json.loads(told), time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser()
    common.add_options(parser)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    binary = args.binary or common.build()
    failed = False
    with common.folder() as folder:
        print(f"{'':24} {'said':>9} {'took':>9} {'ratio':>6} {'MB said':>8} {'took':>8} {'ratio':>6}  passes")
        for name, features, options in jobs(folder, args.quick):
            if args.only not in name:
                continue
            said, took, peak = [], float("inf"), 0
            for _ in range(args.rounds):
                bill, _ = plan(binary, features, options, "--calibrate")
                seconds, bytes_held, record = run(binary, features, options)
                said.append(bill["seconds"]["likely"])
                took, peak = min(took, seconds), max(peak, bytes_held)
            said = common.median(said)
            ratio, memory = said / took, bill["host_bytes"] / max(peak, 1)
            allowed = 3.0 if bill["depends_on_values"] else 1.5
            is_off = not 1 / allowed <= ratio <= allowed
            is_off |= peak >= LARGE and not 0.9 <= memory <= 1.1
            failed |= is_off
            passes = bill["passes"]
            print(
                f"{name:24} {said:9.4f} {took:9.4f} {ratio:6.2f} {bill['host_bytes'] / 1e6:8.1f} {peak / 1e6:8.1f} "
                f"{memory:6.2f}  {passes['likely']:.0f} ({passes['least']:.0f} to {passes['most']:.0f}), {record['passes']}"
                f"{'' if bill['depends_on_values'] else '  certain'}{'  OFF' if is_off else ''}",
                flush=True,
            )
        quickest = min(plan(binary, features, options)[1] for _ in range(10))
        print(f"a plan itself: {1000 * quickest:.1f} ms")
        failed |= quickest > 0.05
    sys.exit(failed)


if __name__ == "__main__":
    main()
