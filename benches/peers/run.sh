#!/usr/bin/env bash
# Every comparison with what one would run instead, on this machine, as one table: benches/RESULTS.md.
#
#   bash benches/peers/run.sh [--quick] [--released PATH] [--released-rdss PATH]
#
# Each script beside this one says what its jobs and peers are, checks answers before it times anything,
# and makes itself a virtual environment with what it needs. A comparison that fails leaves the others
# theirs, and makes the exit code 1. The machine should have nothing else to do.
#
# --released PATH  a checkout of GitHub's avihu111/TypiClust; without it one is made, if that can be. Its
#                  environment has PyTorch, which is some 6 GB
# --released-rdss PATH  likewise of YanhuiAILab/RDSS
# --quick          small pools, and the table on stdout only: does it all run? Released code is then left
#                  out, unless its option is given
#
# Beside an NVIDIA GPU, torch_gpu.py compares with PyTorch on it.
set -uo pipefail
caller=$PWD
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.." || exit 1

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$here/run.sh" >&2
    exit 2
}

quick=
checkout=
checkout_rdss=
while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=yes ;;
    --released)
        [ $# -gt 1 ] || usage
        checkout=$(cd "$caller" && cd "$2" && pwd) || exit 2
        shift
        ;;
    --released-rdss)
        [ $# -gt 1 ] || usage
        checkout_rdss=$(cd "$caller" && cd "$2" && pwd) || exit 2
        shift
        ;;
    *) usage ;;
    esac
    shift
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
record=$work/record
: >"$record"
notes=()
failed=

note() {
    printf '%s\n' "$*" >&2
    notes+=(--note "$*")
}

# Runs a script with what all of them know; one that fails is noted, with the last that it said.
compare() {
    local name=$1 status
    shift
    printf '\n== %s\n' "$name" >&2
    python3 "benches/peers/$1" "${@:2}" --binary "$binary" --record "$record" 2>&1 | tee "$work/said" >&2
    status=${PIPESTATUS[0]}
    [ "$status" = 0 ] && return 0
    failed=yes
    note "$name: failed with exit code $status: $(grep . "$work/said" | tail -n 1)"
    return 1
}

# The released code $1 of GitHub, at the commit that script $2 was written for.
clone() {
    local url=https://github.com/$1 into=$work/${1#*/} commit
    commit=$(sed -n 's/.*commit \([0-9a-f]\{40\}\).*/\1/p' "benches/peers/$2")
    git init -q "$into" &&
        git -C "$into" fetch -q --depth 1 "$url" "$commit" &&
        git -C "$into" checkout -q FETCH_HEAD
}

binary=$(cd benches/peers && python3 -c 'import common; print(common.build())') || exit 1
gram_schmidt=(--slow-rounds 5)
norm=()
k_center=()
herding=()
duplicates=(--slow-rounds 5)
rounds=(--slow-rounds 5)
card=()
if [ -n "$quick" ]; then
    gram_schmidt=(--rows 3000 --dim 64 --budget 40 --rounds 2 --slow-rounds 2)
    k_center=(--rows 3000 --dim 64 --budget 40 --rounds 2)
    herding=(--rows 4000 --dim 64 --budget 40 --released-rows 2000 --rounds 2)
    norm=(--rows 20000 --dim 64 --budget 500 --rounds 2)
    duplicates=(--rows 5000 --dim 64 --rounds 2 --slow-rounds 2)
    rounds=(--quick --rounds 2)
    card=(--quick --rounds 2)
fi
released=()
if [ -n "$checkout" ]; then
    released=(--released "$checkout")
elif [ -n "$quick" ]; then
    note "TypiClust and ProbCover as released: left out of a quick run"
elif clone avihu111/TypiClust released.py; then
    released=(--released "$work/TypiClust")
else
    note "TypiClust and ProbCover as released: could not be cloned, and --released names no checkout"
fi
if [ -n "$checkout_rdss" ]; then
    herding+=(--released-rdss "$checkout_rdss")
elif [ -n "$quick" ]; then
    note "RDSS as released: left out of a quick run"
elif clone YanhuiAILab/RDSS herding.py; then
    herding+=(--released-rdss "$work/RDSS")
else
    note "RDSS as released: could not be cloned, and --released-rdss names no checkout"
fi

compare "Gram-Schmidt" gram_schmidt.py "${gram_schmidt[@]}"
compare "greedy Gram-Schmidt" gram_schmidt.py --greedy "${gram_schmidt[@]}"
compare "SAS, one class" sas.py one "${rounds[@]}"
compare "SAS, ten classes" sas.py ten "${rounds[@]}"
compare "TypiClust" cover.py typiclust "${rounds[@]}" ${released[@]+"${released[@]}"}
compare "ProbCover" cover.py probcover "${rounds[@]}" ${released[@]+"${released[@]}"} ||
    [ ${#released[@]} = 0 ] ||
    compare "ProbCover without the released code" cover.py probcover "${rounds[@]}"
compare "k-center" k_center.py ${k_center[@]+"${k_center[@]}"}
compare "facility location, coverage" facility_location.py "${rounds[@]}"
compare "herding" herding.py ${herding[@]+"${herding[@]}"}
compare "norm sampling" norm.py ${norm[@]+"${norm[@]}"}
compare "near-duplicates" duplicates.py "${duplicates[@]}"
if command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; then
    compare "Gram-Schmidt on the GPU" torch_gpu.py gram-schmidt ${card[@]+"${card[@]}"}
    compare "SAS on the GPU" torch_gpu.py sas ${card[@]+"${card[@]}"}
else
    note "PyTorch on the same card: no NVIDIA GPU here"
fi

table=(python3 benches/peers/table.py "$record" --binary "$binary" ${notes[@]+"${notes[@]}"})
if [ -n "$quick" ]; then
    "${table[@]}" || exit 1
    printf '\nsmall pools: nothing is asked of these ratios, and benches/RESULTS.md is as it was\n'
else
    "${table[@]}" >"$work/table" || exit 1
    # What follows from this heading on is written by hand, of a machine that is seldom there.
    sed -n '/^# On a GPU/,$p' benches/RESULTS.md >"$work/by_hand"
    if [ -s "$work/by_hand" ]; then
        printf '\n' | cat - "$work/by_hand" >>"$work/table"
    fi
    cp "$work/table" benches/RESULTS.md
    cat benches/RESULTS.md
fi
[ -z "$failed" ]
