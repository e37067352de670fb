#!/usr/bin/env bash
# Every check, cheapest first; stops at the first that fails. `.ci/run` only calls this.
#
#   bash tests/run.sh
#
# GPU tests run on lavapipe, a software Vulkan driver, unless VK_DRIVER_FILES names another, and on
# llvmpipe through OpenGL; apt installs them, and Chromium, where there are none. Tint and the pages of
# reports want node, and are left out, aloud, where there is none; so is the Python package, which wants Python
# 3.11 or later.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Nothing is built twice here that would gain by it.
export CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-0}

began=$SECONDS
step() {
    local title=$1 start=$SECONDS
    shift
    printf '\n== %s\n' "$title"
    "$@"
    printf -- '-- %s: %d s\n' "$title" $((SECONDS - start))
}

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

lavapipe() {
    find /usr/share/vulkan/icd.d /etc/vulkan/icd.d -name 'lvp_icd*.json' 2>/dev/null | sort | head -n 1
}

# Whether the system's loader finds a shared library. No pipe: with pipefail, an early grep -q
# would make ldconfig's broken pipe the answer.
has_library() {
    local ldconfig known
    ldconfig=$(command -v ldconfig || echo /sbin/ldconfig)
    known=$("$ldconfig" -p 2>/dev/null || true)
    [[ $known == *"$1"* ]]
}

missing_packages() {
    local user_driver=${VK_DRIVER_FILES:-${VK_ICD_FILENAMES:-}}
    has_library libvulkan.so.1 || echo libvulkan1
    [ -n "$user_driver" ] || [ -n "$(lavapipe)" ] || echo mesa-vulkan-drivers
    has_library libEGL.so.1 || echo libegl1
    find /usr/lib -name swrast_dri.so 2>/dev/null | grep . >/dev/null || echo libgl1-mesa-dri
    # Tensors: the package that pip installs would bring all of CUDA along. And an MPI, which pip has none of.
    if has_python && command -v apt-get >/dev/null; then
        [ -n "$(command -v mpirun)" ] || echo openmpi-bin
        [ -n "$(torch_of_debian)" ] || python3 -c 'import torch' 2>/dev/null || echo python3-torch
    fi
    # For the pages of reports.
    if has_node && [ -z "${CHROMIUM:-}" ]; then
        [ -n "$(command -v chromium chromium-browser google-chrome google-chrome-stable)" ] || echo chromium
    fi
}

adapter() {
    local packages apt=(apt-get) driver
    mapfile -t packages < <(missing_packages)
    if [ ${#packages[@]} -gt 0 ]; then
        command -v apt-get >/dev/null || fail "Missing: ${packages[*]} (Debian's names)." \
            "Install the Vulkan loader, Mesa's lavapipe driver and Chromium, or set VK_DRIVER_FILES to the" \
            "manifest of a driver that is there and CHROMIUM to a browser, and run this again."
        if [ "$(id -u)" != 0 ]; then
            command -v sudo >/dev/null || fail "Missing: ${packages[*]}. As root: apt-get install ${packages[*]}"
            apt=(sudo apt-get)
        fi
        "${apt[@]}" update -q
        "${apt[@]}" install -q -y --no-install-recommends "${packages[@]}"
    fi
    if [ -z "${VK_DRIVER_FILES:-${VK_ICD_FILENAMES:-}}" ]; then
        driver=$(lavapipe)
        [ -n "$driver" ] || fail "mesa-vulkan-drivers is installed, but brought no lvp_icd manifest."
        # Loaders before 1.3.207 know the second name only.
        export VK_DRIVER_FILES=$driver VK_ICD_FILENAMES=$driver
    fi
    echo "Vulkan driver: ${VK_DRIVER_FILES:-$VK_ICD_FILENAMES}"
}

toolchain() {
    cargo --version
    cargo fmt --version || rustup component add rustfmt
    cargo clippy --version || rustup component add clippy
}

documents() {
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items --features gles,ndarray,remote
}

has_node() {
    command -v node >/dev/null && command -v npm >/dev/null
}

tint() {
    if ! has_node; then
        echo "LEFT OUT: node and npm not found"
        return
    fi
    local folder=tests/tint
    npm --prefix "$folder" ls >/dev/null 2>&1 ||
        npm --prefix "$folder" ci --ignore-scripts --no-audit --no-fund
    node "$folder/check.mjs"
}

# The command is that which the tests have built.
pages() {
    if ! has_node; then
        echo "LEFT OUT: node and npm not found"
        return
    fi
    node tests/report/check.mjs "${CARGO_TARGET_DIR:-target}/debug/coresift"
}

has_python() {
    command -v python3 >/dev/null && python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))'
}

# Where Debian's torch lies, if it is built for this Python.
torch_of_debian() {
    local folder=/usr/lib/python3/dist-packages/torch version
    version=$(python3 -c 'import sys; print("%d%d" % sys.version_info[:2])')
    find "$folder" -maxdepth 1 -name "_C.cpython-$version-*.so" -printf '%h\n' 2>/dev/null || true
}

# The native part is built along with the tests, of the same dependencies: `pip install ./python` would build all of
# them once more.
python_package() {
    if ! has_python; then
        echo "LEFT OUT: Python 3.11 or later not found"
        return
    fi
    local target=${CARGO_TARGET_DIR:-target} built
    local bin=$target/python/bin
    [ -x "$bin/python" ] || python3 -m venv "$target/python"
    "$bin/python" -m pip install -q --disable-pip-version-check $(python_needs)
    if ! "$bin/python" -c 'import torch' 2>/dev/null; then
        local torch site
        torch=$(torch_of_debian)
        site=$("$bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
        [ -z "$torch" ] || ln -sfn "$torch" "$site/torch"
        [ -n "$torch" ] || echo "LEFT OUT: torch not found"
    fi
    built=$(find "$target/debug" -maxdepth 1 -name 'lib_native.so' -o -maxdepth 1 -name 'lib_native.dylib')
    cp "$built" python/coresift/_native.abi3.so
    (
        cd python
        local python=../$bin/python
        [ "${bin#/}" = "$bin" ] || python=$bin/python
        "$python" -m ruff format --check -q .
        "$python" -m ruff check -q .
        "$python" -m mypy -p coresift
        CORESIFT_BINARY=$(realpath "$([ "${target#/}" = "$target" ] && echo ../)$target/debug/coresift") \
            alone "$python" -m pytest -q
    )
}

# Runs a command where nobody else can reach it, as far as the system lets us: Ray opens ports to whoever asks.
alone() {
    if command -v ip >/dev/null && unshare -n true 2>/dev/null; then
        unshare -n sh -c 'ip link set lo up && exec "$@"' sh "$@"
    else
        "$@"
    fi
}

# What the package and its tests ask for.
python_needs() {
    python3 - <<'END'
import tomllib
with open("python/pyproject.toml", "rb") as file:
    project = tomllib.load(file)["project"]
print(*project["dependencies"], *project["optional-dependencies"]["test"])
END
}

# A shader that the package lacks breaks the build of whoever depends on us, and nobody else's.
package_has_shaders() {
    local listed shader count=0
    listed=$(cargo package --list --allow-dirty)
    for shader in shaders/*.wgsl; do
        [ -e "$shader" ] || fail "no shaders found"
        [[ $'\n'$listed$'\n' == *$'\n'"$shader"$'\n'* ]] || fail "cargo package leaves out $shader"
        count=$((count + 1))
    done
    echo "$count shaders in the package"
}

step "toolchain" toolchain
step "software adapter and browser" adapter
step "format" cargo fmt --check
step "clippy" cargo clippy --workspace --all-targets --features gles,ndarray,remote -- -D warnings
# All that there is without default features is in what is tested below: it need only compile.
step "clippy, no default features" cargo clippy --no-default-features --all-targets -- -D warnings
# The command asks for features of the library that others may leave out.
step "clippy, the library by itself" cargo clippy -p coresift --no-default-features -- -D warnings
step "documents" documents
step "package" package_has_shaders
step "Tint" tint
# The Python package's native part among them, in the way in which its own tools build it.
export PYO3_BUILD_EXTENSION_MODULE=1
step "build of all targets" cargo build --workspace --all-targets --features gles,ndarray,remote
step "tests, examples, benches as tests" cargo test --workspace --all-targets --features gles,ndarray,remote
step "pages of reports, in a browser" pages
step "Python package" python_package
step "doc tests" cargo test --doc --features gles,ndarray,remote

printf '\nall checks passed in %d s\n' $((SECONDS - began))
