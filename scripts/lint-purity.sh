#!/usr/bin/env bash
# Proves that the pure code is pure (design invariant 4). It compiles lib/base, lib/journal, lib/policy, lib/match and
# each services/<name>/core at -O2 without sanitizers into a temporary folder and refuses, naming symbol and file:
#   - an undefined symbol that is not mem*, strlen, __stack_chk_fail or bhr_assert_failed, after linking with `ld -r`;
#   - a writable data section (constant tables with addresses in .data.rel.ro are fine);
#   - floating point, which the compiler is told it may not use;
#   - an include from outside: core may include its own core/ and lib/base; lib/journal, lib/policy and lib/match may include
#     lib/base.
# lib/base/assert.c and error.c are the named exceptions. Prints one line when clean. Usage: scripts/lint-purity.sh
set -uo pipefail
shopt -s nullglob
cd "$(dirname "$0")/.." || exit 2

export CC=${CC:-gcc}
readonly EXCEPTIONS="lib/base/assert.c lib/base/error.c"
readonly ALLOWED_SYMBOLS='^(mem[a-z]+|strlen|__stack_chk_fail|bhr_assert_failed)$'
readonly ALLOWED_SYSTEM_HEADERS='^(assert|inttypes|limits|stdalign|stdbool|stddef|stdint|string)\.h$'
# Without position independence a table with addresses is plain .rodata, so every `b` or `d` symbol is truly writable.
export FLAGS="-std=gnu17 -O2 -I. -D_GNU_SOURCE -fno-common -fno-pie -fstack-protector-strong -mgeneral-regs-only"

objects=$(mktemp -d) || exit 2
export objects
trap 'rm -rf "$objects"' EXIT
declare -A reported=()
findings=0
file_count=0

main() {
    local base journal policy match
    base=$(sources_of lib/base)
    journal=$(sources_of lib/journal)
    policy=$(sources_of lib/policy)
    match=$(sources_of lib/match)
    check_includes lib/base '^lib/base/'
    check_includes lib/journal '^lib/(base|journal)/'
    check_includes lib/policy '^lib/(base|policy)/'
    check_includes lib/match '^lib/(base|match)/'
    # shellcheck disable=SC2086 # lists of file names without spaces
    compile $base $journal $policy $match services/*/core/*.c
    # shellcheck disable=SC2086
    check_symbols "lib/base and lib/journal" $base $journal
    # shellcheck disable=SC2086
    check_symbols "lib/policy with lib/base" $base $policy
    # shellcheck disable=SC2086
    check_symbols "lib/match with lib/base" $base $match
    local core
    for core in services/*/core; do
        check_includes "$core" "^(lib/base|$core)/"
        # shellcheck disable=SC2086
        check_symbols "$core with lib/base" $base "$core"/*.c
    done
    if ((findings > 0)); then
        echo "purity: $findings findings" >&2
        exit 1
    fi
    echo "purity: clean ($file_count files: no foreign symbol, no writable data, no floating point, no foreign include)"
}

sources_of() {
    local file
    for file in "$1"/*.c; do
        [[ " $EXCEPTIONS " == *" $file "* ]] || echo "$file"
    done
}

object_of() {
    echo "$objects/${1//\//__}.o"
}

# Says each thing once: a file of lib/base is linked with every core.
finding() {
    [[ -n ${reported["$*"]:-} ]] && return
    reported["$*"]=1
    echo "purity: $*" >&2
    findings=$((findings + 1))
}

compile() {
    file_count=$#
    (($# > 0)) || return 0
    local file
    printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'compile_one {}'
    for file in "$@"; do
        if [[ -f $(object_of "$file") ]]; then
            check_data "$file"
        else
            finding "$file does not compile (floating point is refused here too):"
            sed 's/^/    /' "$(object_of "$file").log" >&2
        fi
    done
}

compile_one() {
    local object
    object=$(object_of "$1")
    # shellcheck disable=SC2086 # a list of flags
    $CC $FLAGS -c "$1" -o "$object" 2>"$object.log"
}

# Sections that a running program could write to, or that run code at start.
check_data() {
    local object section size names
    object=$(object_of "$1")
    while read -r section size; do
        case $section in
        .data.rel.ro | .data.rel.ro.*) continue ;;
        .data | .data.* | .bss | .bss.* | .tdata | .tdata.* | .tbss | .tbss.* | .init_array* | .ctors*) ;;
        *) continue ;;
        esac
        ((size > 0)) || continue
        names=$(nm "$object" | awk '$2 ~ /^[bBdD]$/ {printf "%s ", $3}')
        finding "$1 has writable data: $section, $size bytes: ${names:-unnamed}"
    done < <(size -A "$object" | awk '$1 ~ /^\./ {print $1, $2}')
}

# Links the group into one object: what is still undefined then comes from outside the group.
check_symbols() {
    local group=$1 file symbol object linked=$objects/group.o
    shift
    local -a group_objects=()
    for file in "$@"; do
        object=$(object_of "$file")
        [[ -f $object ]] && group_objects+=("$object")
    done
    ((${#group_objects[@]} > 0)) || return 0
    if ! ld -r -o "$linked" "${group_objects[@]}" 2>"$objects/link.log"; then
        finding "$group does not link:"
        sed 's/^/    /' "$objects/link.log" >&2
        return
    fi
    for symbol in $(nm -u "$linked" | awk '{print $2}'); do
        [[ $symbol =~ $ALLOWED_SYMBOLS ]] && continue
        for file in "$@"; do
            object=$(object_of "$file")
            [[ -f $object ]] || continue
            nm -u "$object" | grep -qw -- "$symbol" && finding "$file uses $symbol"
        done
    done
}

check_includes() {
    local folder=$1 allowed=$2 file line header
    for file in "$folder"/*.c "$folder"/*.h "$folder"/*.def; do
        [[ " $EXCEPTIONS " == *" $file "* ]] && continue
        while read -r line; do
            header=$(sed -E 's/^[^<"]*[<"]([^>"]*)[>"].*/\1/' <<<"$line")
            if [[ $line == *'<'* ]]; then
                [[ $header =~ $ALLOWED_SYSTEM_HEADERS ]] || finding "$file includes <$header>"
            else
                [[ $header =~ $allowed && $header != *..* ]] || finding "$file includes \"$header\""
            fi
        done < <(grep -E '^[[:space:]]*#[[:space:]]*include' "$file")
    done
}

export -f object_of compile_one
main
