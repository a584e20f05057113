#!/usr/bin/env bash
# Prints the labels of the merge request that the commit CI_COMMIT_SHA was merged by, separated by commas.
# Needs GITLAB_TOKEN, a project access token with the scope api.
set -euo pipefail
curl --silent --show-error --fail --config /dev/fd/3 \
  "$CI_API_V4_URL/projects/$CI_PROJECT_ID/repository/commits/$CI_COMMIT_SHA/merge_requests" \
  3<<<"header = \"PRIVATE-TOKEN: $GITLAB_TOKEN\"" |
  node scripts/json.mjs 'value.filter(({ state }) => state === "merged").flatMap(({ labels }) => labels).join(",")'
