"""Gram-Schmidt and SAS against PyTorch on the same NVIDIA card, all in f32, TF32 off.

    python3 benches/peers/torch_gpu.py [gram-schmidt] [sas] [gemm] [--device NAME] [--rounds 5] [--quick]
                                       [--binary PATH] [--record FILE]

gram-schmidt  1 000 000 rows x 512, 512 picks: the paper's loop, norms anew at every step and the matrix
              deflated in place by a fused rank-one update, picks drawn on the card
sas           ten classes of 5000 rows x 512, 80 %: the similarities of all classes by one batched product,
              then greedy graph cut in all of them at once, a pick of each in a few kernels
gemm          no contest: the rate of the vendor's own f32 product of 16 384 rows x 512 with each other,
              beside which to read what `coresift bench` says of f32 tiles

Both sides begin with the features in host memory and end with the picks there. Ours is timed as a
process as well, which reads its features from a file and opens the device; "from memory" the device is
open, but its pipelines may still have to be compiled, so that figure is no lower than the one that
benchmarks ask for. --device is the card's name to coresift, PyTorch's own name for it unless given.

Answers are checked first: ours on the card are those on the CPU, to the row, and of a part of the rows the
definition's; the loop's last energy is that of its picks, in f64; SAS by F in f64, ours no lower than the
greedy's by more than 1e-4.

Needs a card that CUDA runs on. PyTorch is taken as it is installed, or else with numpy and scipy into an
environment beside this.
"""

import argparse
import os
import subprocess
import sys

import common

try:
    import numpy as np
    import torch
except ImportError:
    common.own_environment(".venv-torch", ["torch==2.15.0"])
    import numpy as np
    import torch

common.PINNED = ["numpy", "torch"]  # whose versions are told, wherever they come from


class Card:
    """PyTorch's device, on which work is over when `wait` returns."""

    def __init__(self, name):
        self.device = torch.device(name)

    def of(self, array):
        return torch.from_numpy(array).to(self.device, copy=True)

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def memory(self):
        return torch.cuda.get_device_properties(self.device).total_memory


def seconds(card, job):
    """Wall seconds of a job, and what it gave."""
    card.wait()
    result = []
    taken = common.timed(lambda: (result.append(job()), card.wait()))
    return taken, result[0]


# ------------------------------------------------------------------ peers


def paper(card, features, budget):
    """Algorithm 1 as published. Nothing waits for the card before the last pick."""
    f = card.of(features)
    picks = torch.empty(budget, dtype=torch.int64, device=card.device)
    for k in range(budget):
        length = torch.linalg.vector_norm(f, dim=1)
        length.index_fill_(0, picks[:k], 0)
        pick = torch.multinomial(length, 1)
        picks[k] = pick[0]
        v = (f[pick] / length[pick, None])[0]
        f.addr_(f @ v, v, alpha=-1)
    energy = torch.linalg.vector_norm(f, dim=1).double().square().sum()
    return picks.tolist(), float(energy)


def graph_cut(card, features, classes, budget):
    """Picks of every class in order, as positions in it; row i is of class i % classes."""
    x = card.of(features)
    z = torch.nn.functional.normalize(x).view(-1, classes, x.shape[1]).transpose(0, 1).contiguous()
    s = torch.bmm(z, z.mT).clamp_(min=0)
    gain = s.sum(2)
    every = torch.arange(classes, device=card.device)
    picks = torch.empty((classes, budget), dtype=torch.int64, device=card.device)
    for k in range(budget):
        pick = gain.argmax(1)
        picks[:, k] = pick
        gain.sub_(s[every, pick], alpha=2)
        gain[every, pick] = -torch.inf
    return picks.cpu().numpy()


# ------------------------------------------------------------------ answers


def energy_left(card, features, picks):
    """Squared distance of all rows from the picks' span, and squared length of all, in f64."""
    x = card.of(features).double()
    basis = torch.linalg.qr(x[picks].T)[0]
    whole = float(x.square().sum())
    return whole - float((x @ basis).square().sum()), whole


def check_paper(card, features, result):
    picks, energy = result
    assert len(set(picks)) == len(picks), "the paper's loop: a row twice"
    true, whole = energy_left(card, features, picks)
    # where the picks span everything, all that is left is the rounding of f32
    assert abs(energy - true) < 1e-3 * true + 1e-6 * whole, f"energy left {energy}, {true} expected"


def value(card, features, picks):
    """Similarity between the picks and the rest of their class, in f64."""
    z = torch.nn.functional.normalize(card.of(features).double())
    s = (z @ z.T).clamp_(min=0)
    inside = torch.zeros(len(features), dtype=torch.bool, device=card.device)
    inside[torch.as_tensor(picks, device=card.device)] = True
    return float(s[inside][:, ~inside].sum())


def same_on_both(binary, device, *arguments):
    """Our picks on the card, which must be those on the CPU."""
    on_card = common.Coresift(binary, device).select(*arguments)[0]["picks"]
    assert on_card == common.Coresift(binary).select(*arguments)[0]["picks"], "not the CPU's picks"
    return on_card


def report_memory(card, coresift, features, arguments, want):
    """Whether the picks come out the same within features, 24 bytes a row and a quarter of the card."""
    path, method, budget, *options = arguments
    bound = features.nbytes + 24 * len(features) + card.memory() // 4
    try:
        told = coresift.select(path, method, budget, "--device-memory", str(bound), *options)[0]
    except subprocess.CalledProcessError:
        print(f"\ndevice memory: PAST the bound of {bound / 2**20:.0f} MiB")
        return
    assert told["picks"] == want, "other picks within less memory"
    print(f"\ndevice memory: within the bound of {bound / 2**20:.0f} MiB")


# ------------------------------------------------------------------ jobs


def ours(coresift, arguments):
    return ("coresift", None, lambda: coresift.times(*arguments))


def peer(name, card, select, check):
    def call():
        taken, result = seconds(card, select)
        check(result)
        return {name: taken}

    return (name, None, call)


def gram_schmidt(card, coresift, options, rows, dim, budget):
    name = "the paper's loop in PyTorch"
    with common.folder() as folder:
        path, part = (os.path.join(folder, f"{name}.npy") for name in ("features", "part"))
        common.clusters(path, rows, dim)
        features = np.load(path)
        np.save(part, features[:2000])
        few = min(200, budget // 2)
        picks = same_on_both(coresift.binary, coresift.device, part, "gram-schmidt", few)
        assert picks == common.gram_schmidt(features[:2000], few, seed=1), "not the race's picks"
        arguments = (path, "gram-schmidt", budget)
        picks = same_on_both(coresift.binary, coresift.device, *arguments)

        def select():
            return paper(card, features, budget)

        def check(result):
            check_paper(card, features, result)

        check(select())  # the card's libraries are loaded before anything is timed
        jobs = [ours(coresift, arguments), peer(name, card, select, check)]
        times = common.alternate(jobs, options.rounds)
        job = f"Gram-Schmidt on {coresift.device}, {rows} x {dim} f32, {budget} picks"
        common.report(f"{job}; seconds", times, [(name, common.PROCESS), (name, common.MEMORY)])
        asked = None if options.quick else 10
        common.record(options.record, job, times, [(name, name, common.PROCESS, common.MEMORY, asked)])
        report_memory(card, coresift, features, arguments, picks)


def sas(card, coresift, options, classes, each, dim, share):
    name = "greedy graph cut in PyTorch"
    budget = each * share // 100
    with common.folder() as folder:
        path, labels_path = common.classes_of_clusters(folder, classes, each, dim)
        features = np.load(path)
        arguments = (path, "sas", f"{share}%", "--classes", labels_path, "--threshold", "0", "--refine", "none")
        picks = same_on_both(coresift.binary, coresift.device, *arguments)

        def select():
            return graph_cut(card, features, classes, budget)

        def check(found):
            assert all(len(set(of.tolist())) == budget for of in found), "a row twice"

        found = select()
        for label in range(classes):
            rows = features[label::classes]
            mine = [pick // classes for pick in picks if pick % classes == label]
            assert len(mine) == budget, f"class {label}: {len(mine)} picks"
            own, other = (value(card, rows, of) for of in (mine, found[label]))
            assert own >= (1 - 1e-4) * other, f"class {label}: F {own}, {other} by the greedy"
        jobs = [ours(coresift, arguments), peer(name, card, select, check)]
        times = common.alternate(jobs, options.rounds)
        job = f"SAS on {coresift.device}, {classes} x {each} x {dim} f32, {share} %"
        common.report(f"{job}; seconds", times, [(name, common.PROCESS), (name, common.MEMORY)])
        comparison = (name, name, common.PROCESS, common.MEMORY, None)
        most = None if options.quick else 0.15
        common.record(options.record, job, times, [comparison], asked_seconds=most)
        report_memory(card, coresift, features, arguments, picks)


def gemm(card, rows, dim):
    x = torch.rand((rows, dim), device=card.device)
    out = torch.empty((rows, rows), device=card.device)
    taken = sorted(seconds(card, lambda: [torch.mm(x, x.T, out=out) for _ in range(20)])[0] for _ in range(10))
    rate = 20 * 2 * rows * rows * dim / taken[len(taken) // 2]
    print(f"\nthe vendor's f32 product, {rows} x {rows} x {dim}: {rate / 1e12:.1f} TFLOP/s")


def main():
    parser = argparse.ArgumentParser(description="Gram-Schmidt and SAS against PyTorch on a GPU")
    parser.add_argument("jobs", nargs="*", metavar="JOB", help="gram-schmidt, sas, gemm; default: all")
    parser.add_argument("--device", help="the card's name to coresift; default: PyTorch's name for it")
    parser.add_argument("--quick", action="store_true", help="small pools: does it all run?")
    common.add_options(parser)
    options = parser.parse_args()
    jobs = options.jobs or ["gram-schmidt", "sas", "gemm"]
    if unknown := set(jobs) - {"gram-schmidt", "sas", "gemm"}:
        parser.error(f"{', '.join(sorted(unknown))}: no such job")
    if not torch.cuda.is_available():
        sys.exit("no card that PyTorch's CUDA runs on")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.manual_seed(1)

    card = Card("cuda")
    device = options.device or torch.cuda.get_device_name(card.device)
    coresift = common.Coresift(options.binary or common.build(), device)
    if "gram-schmidt" in jobs:
        rows, dim, budget = (20_000, 64, 40) if options.quick else (1_000_000, 512, 512)
        gram_schmidt(card, coresift, options, rows, dim, budget)
    if "sas" in jobs:
        each, dim = (600, 64) if options.quick else (5000, 512)
        sas(card, coresift, options, 10, each, dim, 80)
    if "gemm" in jobs:
        gemm(card, 2048 if options.quick else 16_384, 512)


if __name__ == "__main__":
    main()
