#!/usr/bin/env bash
# Becomes a command, behind the words that are written for that name: launch.sh FOLDER NAME COMMAND...
# FOLDER/NAME has one word a line, such as nsenter and the host to enter. Without that file the command is as it is.
set -euo pipefail
words=()
if [[ -e $1/$2 ]]; then mapfile -t words <"$1/$2"; fi
exec "${words[@]}" "${@:3}"
