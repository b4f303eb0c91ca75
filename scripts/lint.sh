#!/usr/bin/env bash
# Everything about the sources that a machine can judge without running them: one line per check, ok or FAIL with what was
# found under it. Exits 1 when anything failed. Tools: scripts/install-deps.sh --lint.
# shellcheck disable=SC2317 # checks are called by name
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

readonly BUF=$PWD/build/tools/buf/node_modules/.bin/buf
readonly ASYNCAPI=$PWD/build/tools/asyncapi
failed=0

main() {
    check "format" check_format
    check "purity" scripts/lint-purity.sh
    check "style" /usr/bin/python3 scripts/lint-style.py
    check "cppcheck" check_cppcheck
    check "shellcheck" check_shell
    check "contracts" "$BUF" lint
    check "asyncapi" node scripts/lint-asyncapi.js "$ASYNCAPI" docs/asyncapi.yaml
    check_breaking
    exit $((failed > 0))
}

# check NAME COMMAND...: what the command prints is shown only when it fails.
check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        say "$name" ok
    else
        say "$name" FAIL
        # shellcheck disable=SC2001 # every line is indented
        sed 's/^/    /' <<<"$output"
        failed=$((failed + 1))
    fi
}

say() {
    printf '%-12s %s\n' "$1" "$2"
}

check_format() {
    local found
    found=$(git ls-files -z '*.c' '*.h' | xargs -0 clang-format --dry-run 2>&1 | sed -n 's/^\([^: ]*\):.*warning.*/\1/p' |
        sort | uniq -c)
    [[ -z $found ]] && return
    echo "places that \`make fmt\` would change:"
    echo "$found"
    return 1
}

# Left out: three checks that the compiler does better (-Wreturn-type, -Wmaybe-uninitialized, the sanitizers) and that here
# only ever found ASSERT, whose end cppcheck does not follow, and buffers that a function fills for its caller. And readdir,
# which glibc makes safe for threads as long as each has a stream of its own.
check_cppcheck() {
    local -a files
    mapfile -t files < <(git ls-files 'lib/*.c' 'services/*.c' 'cli/*.c' 'tools/*.c' 'tests/*.c')
    cppcheck --quiet -j "$(nproc)" --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
        --std=c11 --library=posix,gnu -I. -D_GNU_SOURCE -D'BHR_VERSION="0"' -D'BHR_SOURCE_DIR=""' -D'BHR_BINARY_DIR=""' \
        --suppress=missingInclude --suppress=missingIncludeSystem --suppress=missingReturn --suppress=uninitvar \
        --suppress=nullPointerRedundantCheck --suppress=readdirCalled "${files[@]}"
}

check_shell() {
    local -a files
    mapfile -t files < <(git ls-files '*.sh' '.ci/run')
    shellcheck --severity=warning "${files[@]}"
}

# A contract that has been released may only grow. It is compared with the last release; before there is one, with where
# this branch left origin/main, or with the first commit that had contracts at all.
check_breaking() {
    local base
    base=$(git describe --tags --abbrev=0 2>/dev/null)
    [[ -n $base ]] || base=$(git merge-base HEAD origin/main 2>/dev/null)
    if [[ -z $base || $(git rev-parse "$base^{commit}") == $(git rev-parse HEAD) ]]; then
        base=$(git log --format=%h --diff-filter=A --reverse -- '*.proto' | head -n 1)
    fi
    if [[ -z $base || -z $(git ls-tree -r --name-only "$base" -- proto) ]]; then
        say "breaking" "not checked: no commit before this one has contracts"
        return
    fi
    check "breaking" "$BUF" breaking --against ".git#ref=$(git rev-parse "$base^{commit}")"
}

main
