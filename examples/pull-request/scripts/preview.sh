#!/usr/bin/env bash
# Previews a stack and leaves in report/<stack>: report.md for a comment, report.html for people, and the report's exit
# code: 0 nothing changes, 2 something changes, 3 something is destroyed, 1 the preview failed. Fails itself only where
# there is no report.
set -euo pipefail
stack=$1
out=report/$stack
mkdir -p "$out"
# It holds the inputs and outputs of all resources, of which nobody needs a copy.
trap 'rm -f "$out/preview.json"' EXIT

# A preview that fails prints its JSON all the same, most often with the errors in it.
failed=0
pulumi preview --json --show-sames --show-replacement-steps --non-interactive --stack "$stack" \
  >"$out/preview.json" || failed=1

report() {
  npx --no-install pulumi-global-namespace preview-report --input "$out/preview.json" --exit-code "$@"
}
report --format html >"$out/report.html" || true
code=0
report >"$out/report.md" || code=$?
[ -s "$out/report.md" ]
[ "$failed" = 0 ] || code=1
echo "$code" >"$out/exit-code"
cat "$out/report.md"
