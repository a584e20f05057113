#!/usr/bin/env bash
# Prints the comment of a stack's report: a mark by which it is found again, a heading, and the report.
set -euo pipefail
stack=$1
# Characters; GitHub takes 65536 bytes, GitLab a million.
limit=60000

printf '<!-- global-namespace: %s -->\n## %s\n\n' "$stack" "$stack"
report=$(cat "report/$stack/report.md")
printf '%s\n' "${report:0:limit}"
if [ "${#report}" -gt "$limit" ]; then
  printf '\n\n_Too long for a comment; the whole of it is in the artifact._\n'
fi
