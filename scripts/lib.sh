# shellcheck shell=bash
# What the scripts of this folder share: source it, do not run it.
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/mpirun
source "$root/scripts/mpirun"

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# install_packages [PACKAGE…]: what building and running needs, and PACKAGE…; silent when nothing is missing.
install_packages() {
    local package missing=()
    command -v dpkg-query >/dev/null ||
        fail "this is not Debian: install Open MPI, oneDNN 2.6, zlib, Zstandard, libpng 1.6, libjpeg-turbo 2, OpenSSL 3, libgcrypt 1.9 and SQLite with their headers, then use swift build"
    for package in libopenmpi-dev openmpi-bin libdnnl-dev zlib1g-dev libzstd-dev libpng-dev libturbojpeg0-dev libssl-dev libgcrypt20-dev libsqlite3-dev dataset-fashion-mnist pkg-config "$@"; do
        # shellcheck disable=SC2016
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0

    local sudo=()
    if ((EUID != 0)); then
        sudo=(sudo)
        if ! command -v sudo >/dev/null || { [[ ! -t 0 ]] && ! sudo -n true 2>/dev/null; }; then
            fail "run as root: apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
        fi
    fi
    echo "installing ${missing[*]}" >&2
    ((${lists_are_new:-0})) || "${sudo[@]}" apt-get update -qq
    lists_are_new=1
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null </dev/null ||
        fail "apt-get could not install ${missing[*]}"
}

# offer_packages PACKAGE…: what makes more of a run, but is not needed for it.
offer_packages() {
    (install_packages "$@") || echo "going on without $*" >&2
}

require_swift() {
    command -v swift >/dev/null || fail "Swift 6.3 is not on the PATH: see https://www.swift.org/install"
}

# build_release [PRODUCT…]: fedmpi or the products named, optimised, with Swift's library inside and without symbols, which
# would be half the file. Sets `binaries`.
build_release() {
    local product jobs
    (($#)) || set -- fedmpi
    require_swift
    # One more than there are cores: `swift build` takes modules by the alphabet, and a core that has nothing else to do at the end
    # would wait for the longest, Federation.
    jobs=$(($(nproc) + 1))
    for product in "$@"; do
        swift build --package-path "$root" -c release --static-swift-stdlib --jobs "$jobs" \
            -debug-info-format none -Xlinker -s --product "$product" >&2
    done
    binaries=$(swift build --package-path "$root" -c release --show-bin-path)
    for product in "$@"; do
        check_libraries "$binaries/$product"
    done
}

# debug_options: options of `swift build` and `swift test` in `debug`. Where FEDMPI_SCRATCH names a folder to build in, as
# scripts/test does, all is built from nothing: each module as a whole and without debug information, two thirds of the
# processor time of a build of which parts are to be repeated.
debug_options() {
    debug=()
    if [[ -n ${FEDMPI_SCRATCH:-} ]]; then
        debug=(--scratch-path "$FEDMPI_SCRATCH" -debug-info-format none -Xswiftc -wmo -Xswiftc -num-threads -Xswiftc 1)
    fi
}

# A cluster node needs the C libraries of `install_packages` and no Swift.
check_libraries() {
    local extra
    extra=$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
        grep -Ev '^(ld-linux.*|lib(c|m|gcc_s|stdc\+\+|gomp|mpi|dnnl|z|zstd|png16|turbojpeg|crypto|gcrypt|sqlite3))\.so' || true)
    [[ -z $extra ]] || fail "${1##*/} needs libraries that a cluster node may not have: ${extra//$'\n'/ }"
}

# make_venv DIRECTORY PACKAGE…: a Python environment in the project's folder, made once. Sets `python`.
make_venv() {
    local directory=$root/$1 wanted
    shift
    wanted="$*"
    python=$directory/bin/python
    [[ $(cat "$directory/packages" 2>/dev/null) == "$wanted" ]] && return
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3 python3-venv
    echo "making ${directory##*/} with $wanted" >&2
    python3 -m venv "$directory"
    "$python" -m pip install --quiet --disable-pip-version-check "$@" >&2 || fail "pip could not install $wanted"
    printf '%s' "$wanted" >"$directory/packages"
}

# command_line_files FEDMPI SHARE LIBRARY ZSH PROGRAM…: the manual and the completions of bash, zsh and fish below SHARE, what these
# ask below LIBRARY. ZSH is zsh's folder below SHARE/zsh; PROGRAM… are the launchers that are completed, too.
command_line_files() {
    local fedmpi=$1 share=$2 library=$3 zsh=$4 parts=$root/scripts/packaging shape date version word
    shift 4
    shape=$("$fedmpi" --experimental-dump-help) && version=$("$fedmpi" --version)
    date=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%F)
    mkdir -p "$share"/man/man1 "$share"/bash-completion/completions "$share"/fish/vendor_completions.d "$share/zsh/$zsh" "$library"
    install -m 755 "$parts/fedmpi-complete" "$library/fedmpi-complete"
    "$parts/command_line.py" words <<<"$shape" >"$library/words"
    "$parts/command_line.py" manual "$version" "$date" <<<"$shape" >"$share/man/man1/fedmpi.1"
    install -m 644 "$parts/fedmpi.bash" "$share/bash-completion/completions/fedmpi"
    install -m 644 "$parts/fedmpi.fish" "$share/fish/vendor_completions.d/fedmpi.fish"
    install -m 644 "$parts/_fedmpi" "$share/zsh/$zsh/_fedmpi"
    for word in "$@"; do
        ln -sf fedmpi "$share/bash-completion/completions/$word"
        ln -sf fedmpi.fish "$share/fish/vendor_completions.d/$word.fish"
    done
    chmod 644 "$library/words" "$share/man/man1/fedmpi.1"
}
