#!/usr/bin/python3
"""The house style, as far as it can be counted: length of files and functions, columns, which folder may include which
library, and marks that must not stay. Prints one line per finding, `file:line: what`; exits 1 when there is one."""
import re
import subprocess
import sys

FILE_LINES_MAX, FUNCTION_LINES_MAX = 400, 70
COLUMNS_MAX = 125  # clang-format holds code to 120; a sentence in a comment may end a word later

# A library's header, and the only folders that may include it. Hosts and services see lib/port/*.h instead.
LIBRARIES = [
    (r"librdkafka/.*", ["lib/port/kafka/"]),
    (r"c?zmq.*\.h", ["lib/port/zmq/"]),
    (r"lmdb\.h", ["lib/port/lmdb/"]),
    (r"hiredis/.*", ["lib/port/redis/"]),
    (r"uv\.h", ["lib/port/uv/", "lib/port/zmq/", "lib/port/redis/"]),
    (r"libwebsockets\.h", []),
    (r"sodium.*", ["lib/digest/"]),
    (r"openssl/.*", ["lib/port/tls/"]),
    (r"protobuf-c/.*|.*\.pb-c\.h", ["lib/wire/"]),
    (r"jansson\.h", ["lib/host/", "lib/port/jose/", "cli/"]),
    (r"cjose/.*", ["lib/port/jose/"]),
    (r"utf8proc\.h", ["lib/names/"]),
    (r"ini\.h|argp\.h", ["lib/host/", "cli/"]),
]
PRODUCT = ("lib/", "services/", "cli/", "tools/")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def tracked(*patterns):
    names = subprocess.run(["git", "ls-files", "-z", *patterns], check=True, capture_output=True, text=True).stdout
    return [name for name in names.split("\0") if name]


def long_functions(lines):
    """(first line, length) of each function that is too long. clang-format has put its braces in the first column."""
    first = None
    for number, line in enumerate(lines, 1):
        if re.match(r"^[A-Za-z_].*[(,]", line) and not line.endswith(";"):
            if first is None or lines[number - 2] in ("", "}") or lines[number - 2].endswith((";", "*/")):
                first = number
        if line == "}" and first is not None:
            if number - first + 1 > FUNCTION_LINES_MAX:
                yield first, number - first + 1
            first = None
        if line.startswith("};"):
            first = None


def findings_in(name):
    lines = open(name, encoding="utf-8").read().splitlines()
    if len(lines) > FILE_LINES_MAX:
        yield f"{name}:1: {len(lines)} lines; at most {FILE_LINES_MAX}"
    if name.endswith(".c"):
        for first, length in long_functions(lines):
            yield f"{name}:{first}: a function of {length} lines; at most {FUNCTION_LINES_MAX}"
    if not re.match(r"/\*.*", lines[0] if lines else ""):
        yield f"{name}:1: does not begin with what it is, in a comment"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield f"{name}:{number}: {len(line)} columns; at most {COLUMNS_MAX}"
        if MARKS.search(line):
            yield f"{name}:{number}: a mark that must not stay: {line.strip()}"
        include = INCLUDE.match(line)
        if include and name.startswith(PRODUCT):
            yield from include_findings(name, number, include.group(1))


def include_findings(name, number, header):
    for pattern, folders in LIBRARIES:
        if re.fullmatch(pattern, header) and not name.startswith(tuple(folders) or "\0"):
            where = ", ".join(folders) or "nowhere"
            yield f"{name}:{number}: {header} is for {where}"
    if ".." in header:
        yield f"{name}:{number}: {header}: includes are written from the root"


def main():
    findings = [finding for name in tracked("*.c", "*.h") for finding in findings_in(name)]
    print("\n".join(findings))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
