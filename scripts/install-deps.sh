#!/usr/bin/env bash
# Installs what the build and the tests need on Debian 12, and nothing that is there already. It asks for the command,
# the pkg-config module, the file or the Python module itself, never for a package: a machine may have it from elsewhere.
# Packages that would start a daemon (Redis, PostgreSQL) are kept from starting it: the suite runs its own.
#   scripts/install-deps.sh            build and test
#   scripts/install-deps.sh --test     also what the tests of examples/ and tests/fault need
#   scripts/install-deps.sh --lint     also what `make lint` and `make fmt` need
#   scripts/install-deps.sh --fuzz     also what `make fuzz` needs
#   scripts/install-deps.sh --memcheck also valgrind
#   scripts/install-deps.sh --bench    also what `make bench` compares with
set -euo pipefail
cd "$(dirname "$0")/.."

readonly BUF_VERSION=1.75.0
readonly BUF_FOLDER=build/tools/buf
readonly ASYNCAPI_VERSION=3.6.3
readonly ASYNCAPI_FOLDER=build/tools/asyncapi
readonly RECORDLINKAGE_VERSION=0.16
readonly DUCKDB_VERSION=1.5.6
readonly PYTHON_FOLDER=build/tools/python # what `make bench` compares matching with
readonly POLICY=/usr/sbin/policy-rc.d # invoke-rc.d asks it whether a service may be started

missing=()
as_root=()
policy_is_ours=false

main() {
    local is_test=false is_lint=false is_bench=false is_fuzz=false is_memcheck=false option
    for option in "$@"; do
        case $option in
        --test) is_test=true ;;
        --lint) is_lint=true ;;
        --bench) is_bench=true ;;
        --fuzz) is_fuzz=true ;;
        --memcheck) is_memcheck=true ;;
        *) fail "unknown option $option (known: --test, --lint, --bench, --fuzz, --memcheck)" ;;
        esac
    done
    need_build
    need_servers
    if $is_test; then need_test; fi
    if $is_lint; then need_lint; fi
    if $is_bench; then need_bench; fi
    if $is_fuzz; then need_fuzz; fi
    if $is_memcheck; then command_or valgrind valgrind; fi
    if ((${#missing[@]} > 0)); then install_missing; fi
    if $is_lint; then
        install_buf
        install_asyncapi
    fi
    if $is_bench; then install_python; fi
}

need_build() {
    command_or cc gcc
    command_or make make
    command_or cmake cmake
    command_or ninja ninja-build
    command_or pkg-config pkg-config
    command_or protoc protobuf-compiler
    command_or protoc-c protobuf-c-compiler
    file_or /usr/include/stdio.h libc6-dev
    module_or libsodium libsodium-dev
    module_or libssl libssl-dev
    module_or rdkafka librdkafka-dev
    module_or libzmq libzmq3-dev
    module_or libuv libuv1-dev
    module_or hiredis libhiredis-dev
    module_or lmdb liblmdb-dev
    module_or libprotobuf-c libprotobuf-c-dev
    module_or inih libinih-dev
    module_or jansson libjansson-dev
    module_or cjose libcjose-dev
    module_or libutf8proc libutf8proc-dev
    module_or cmocka libcmocka-dev
}

need_servers() {
    command_or git git
    command_or curl curl
    command_or ps procps
    command_or openssl openssl
    command_or javac default-jdk-headless # java runs the broker; a test compiles a reader for it
    command_or mvn maven
    command_or redis-server redis-server
    file_or /usr/share/zoneinfo/Europe/London tzdata
    file_or /etc/ssl/certs/ca-certificates.crt ca-certificates
    command_or /usr/bin/python3 python3
    python_or confluent_kafka python3-confluent-kafka
    python_or google.protobuf python3-protobuf
    python_or zmq python3-zmq
}

# Packages of the examples come from Maven and npm when the test builds them; hosts that can be cut off take ip and nft.
need_test() {
    command_or javac default-jdk-headless
    command_or ip iproute2
    command_or nft nftables
    command_or node nodejs
    command_or npm npm
}

need_lint() {
    command_or clang-format clang-format
    command_or cppcheck cppcheck
    command_or shellcheck shellcheck
    command_or npm npm
}

need_bench() {
    file_or '/usr/lib/postgresql/*/bin/postgres' postgresql
    module_or libpq libpq-dev
    python_or ensurepip python3-venv
}

need_fuzz() {
    command_or clang-14 clang-14
    command_or llvm-symbolizer-14 llvm-14
    file_or '/usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a' libclang-rt-14-dev
}

command_or() {
    command -v "$1" >/dev/null || missing+=("$2")
}

file_or() {
    compgen -G "$1" >/dev/null || missing+=("$2")
}

module_or() {
    if ! command -v pkg-config >/dev/null || ! pkg-config --exists "$1"; then missing+=("$2"); fi
}

python_or() {
    /usr/bin/python3 -c "import importlib.util as u, sys; sys.exit(u.find_spec('$1') is None)" 2>/dev/null ||
        missing+=("$2")
}

install_missing() {
    command -v apt-get >/dev/null || fail "these Debian packages are missing, and there is no apt-get: ${missing[*]}"
    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "run as root or install sudo; these packages are missing: ${missing[*]}"
        as_root=(sudo --preserve-env=DEBIAN_FRONTEND)
    fi
    echo "installing: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    trap allow_daemons EXIT
    forbid_daemons
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends -o Acquire::Retries=3 "${missing[@]}" >/dev/null
    allow_daemons
    trap - EXIT
}

# A policy of the machine's own is left alone: who wrote one decides.
forbid_daemons() {
    if [[ -e $POLICY ]]; then return; fi
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$POLICY" >/dev/null
    "${as_root[@]}" chmod 755 "$POLICY"
    policy_is_ours=true
}

allow_daemons() {
    if $policy_is_ours; then "${as_root[@]}" rm -f "$POLICY"; fi
    policy_is_ours=false
}

install_buf() {
    npm_into "$BUF_FOLDER" "@bufbuild/buf" "$BUF_VERSION"
    "$BUF_FOLDER/node_modules/.bin/buf" --version >/dev/null || fail "buf was installed and does not run"
}

install_asyncapi() {
    npm_into "$ASYNCAPI_FOLDER" "@asyncapi/parser" "$ASYNCAPI_VERSION"
}

# A virtual environment of its own; the versions are noted last, as below.
install_python() {
    local versions="recordlinkage==$RECORDLINKAGE_VERSION duckdb==$DUCKDB_VERSION"
    if [[ $(cat "$PYTHON_FOLDER/version" 2>/dev/null) == "$versions" ]]; then return; fi
    echo "installing: $versions into $PYTHON_FOLDER"
    /usr/bin/python3 -m venv --clear "$PYTHON_FOLDER"
    # shellcheck disable=SC2086
    "$PYTHON_FOLDER/bin/pip" install --quiet --disable-pip-version-check $versions
    echo "$versions" >"$PYTHON_FOLDER/version"
}

# One pinned package in a folder of its own; the version is noted last, so an install that was cut off is done again.
npm_into() {
    local folder=$1 package=$2 version=$3
    if [[ $(cat "$folder/version" 2>/dev/null) == "$version" ]]; then return; fi
    echo "installing: $package $version into $folder"
    mkdir -p "$folder"
    npm install --silent --no-audit --no-fund --prefix "$folder" "$package@$version" >/dev/null
    echo "$version" >"$folder/version"
}

fail() {
    echo "install-deps: $*" >&2
    exit 1
}

main "$@"
