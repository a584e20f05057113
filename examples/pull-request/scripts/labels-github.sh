#!/usr/bin/env bash
# Prints the labels of the pull request that the commit GITHUB_SHA was merged by, separated by commas.
# Needs GH_TOKEN (pull-requests: read) and GITHUB_REPOSITORY.
set -euo pipefail
gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/pulls" --jq '[.[] | select(.merged_at != null) | .labels[].name] | join(",")'
