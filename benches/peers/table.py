"""One Markdown table of what the peer benchmarks recorded with --record.

    python3 benches/peers/table.py RECORD [--binary PATH] [--note TEXT ...] > benches/RESULTS.md

Times are medians, ratios those of medians. A ratio is met if both of ours meet it, as a process and from
features in memory; where only one of them is set against a peer, if that one does. --note adds a line on
what was left out or failed. run.sh calls this.
"""

import argparse
import json
import subprocess

import common

HEAD = ("job", "peer", "peer, s", "ours from memory, s", "ratio", "ours as a process, s", "ratio", "asked", "met")


def seconds(values):
    return f"{common.median(values):.3g}" if values else ""


def ratio(entry, ours):
    if not entry[ours]:
        return None
    return common.median(entry["peer_seconds"]) / common.median(entry[ours])


def met(entry):
    """Whether what is asked is met; empty where nothing is."""
    if (most := entry["asked_seconds"]) is not None:
        return "yes" if common.median(entry["memory"]) <= most else "**no**"
    if (least := entry["asked_ratio"]) is None:
        return ""
    found = {ours: ratio(entry, ours) for ours in ("memory", "process") if entry[ours]}
    meets = [ours for ours in found if found[ours] >= least]
    if len(meets) == len(found):
        return "yes"
    return "**no**, from memory yes" if meets == ["memory"] else "**no**"


def asked(entry):
    if (most := entry["asked_seconds"]) is not None:
        return f"≤ {most:g} s from memory"
    return "" if entry["asked_ratio"] is None else f"≥ {entry['asked_ratio']:g} ×"


def times(value):
    return "" if value is None else f"{value:.2f} ×"


def row(entry):
    runs = len(entry["peer_seconds"])
    few = f" ({runs} run{'s' if runs > 1 else ''})" if runs < 5 else ""
    peer = seconds(entry["peer_seconds"]) + few
    cells = [entry["job"], entry["peer"], peer]
    for ours in ("memory", "process"):
        cells += [seconds(entry[ours]), times(ratio(entry, ours))]
    return [*cells, asked(entry), met(entry)]


def line(cells):
    return f"| {' | '.join(cells)} |"


def distinct(values):
    return list(dict.fromkeys(values))


def of_git(*command):
    told = subprocess.run(["git", *command], cwd=common.ROOT, capture_output=True, text=True)
    return told.stdout.strip()


def ours(binary):
    """The version of the binary and the commit that it was built from, as far as they are known."""
    words = []
    if binary:
        told = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True)
        words.append(told.stdout.strip())
    if commit := of_git("rev-parse", "--short", "HEAD"):
        changed = of_git("status", "--porcelain", "--untracked-files=no")
        words.append(f"commit {commit}{' with changes' if changed else ''}")
    return words


def main():
    parser = argparse.ArgumentParser(description="A table of recorded comparisons")
    parser.add_argument("record")
    parser.add_argument("--binary", help="to ask for its version")
    parser.add_argument("--note", action="append", default=[], help="what was left out or failed")
    options = parser.parse_args()
    with open(options.record) as f:
        entries = [json.loads(text) for text in f]
    if not entries:
        parser.error(f"{options.record}: nothing was recorded; {'; '.join(options.note)}")

    print("# Against what a user would run instead\n")
    print("Made by the scripts that `bash benches/peers/run.sh` runs, which say what each job and peer is.\n")
    for name in ("machine", "date"):
        print(f"- {name}: {'; '.join(distinct(entry[name] for entry in entries))}")
    loads = [entry["load"][0] for entry in entries]
    print(f"- load of the last minute as jobs ended: {min(loads):.1f} to {max(loads):.1f}")
    versions = distinct(version for entry in entries for version in entry["versions"])
    print(f"- versions: {', '.join([*ours(options.binary), *versions])}\n")
    print("Medians of runs in turn, five unless said; ratios are the peer's median over ours.\n")
    print(line(HEAD))
    print(line(["---", "---", *["---:"] * 6, "---"]))
    for entry in entries:
        print(line(row(entry)))
    if options.note:
        print("\nNot compared:\n")
        for note in options.note:
            print(f"- {note}")


if __name__ == "__main__":
    main()
