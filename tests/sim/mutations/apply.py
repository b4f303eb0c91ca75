#!/usr/bin/env python3
"""Applies one mutation to a copy of the tree: apply.py FILE.mut TREE. Fails loudly when a pattern does not match once.

A .mut file is: comment lines (#) that say which rule is removed, then for each change
  @@ path
  <<<
  text as it is
  ===
  text as it becomes
  >>>
Changed files are printed, one a line, so that the caller can put them back."""
import pathlib
import re
import sys

CHANGE = re.compile(r"^@@ (\S+)\n<<<\n(.*?)^===\n(.*?)^>>>\n", re.MULTILINE | re.DOTALL)


def main() -> int:
    mutation, tree = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    changes = CHANGE.findall(mutation.read_text())
    if not changes:
        print(f"{mutation.name}: no change found", file=sys.stderr)
        return 2
    for path, old, new in changes:
        file = tree / path
        text = file.read_text()
        if text.count(old) != 1:
            print(f"{mutation.name}: {path}: the pattern matches {text.count(old)} times, expected once:\n{old}",
                  file=sys.stderr)
            return 2
        file.write_text(text.replace(old, new))
        print(path)
    return 0


sys.exit(main())
