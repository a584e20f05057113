#!/usr/bin/env bash
# Updates a stack after a merge. What is previewed now may be more than what the pull request showed (somebody has changed
# a cluster meanwhile), so the same gate is passed once more.
set -euo pipefail
stack=$1
scripts/preview.sh "$stack"
scripts/gate.sh "$stack"
pulumi up --yes --skip-preview --non-interactive --stack "$stack"
