#!/usr/bin/env bash
# Writes the secret KUBECONFIG_TEXT to a file that only this user reads, and tells the job's later steps where it is.
set -euo pipefail
umask 077
printf '%s\n' "$KUBECONFIG_TEXT" >"$RUNNER_TEMP/kubeconfig"
echo "KUBECONFIG=$RUNNER_TEMP/kubeconfig" >>"$GITHUB_ENV"
