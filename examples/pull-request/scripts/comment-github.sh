#!/usr/bin/env bash
# Puts a stack's report on the pull request: the comment of the last push is updated in place. Where nothing changes and
# nothing was said before, nothing is said.
# Needs GH_TOKEN (pull-requests: write), GITHUB_REPOSITORY and PULL_REQUEST, its number.
set -euo pipefail
stack=$1
comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
# Anybody can write a comment that looks like ours.
author=${COMMENT_AUTHOR:-github-actions[bot]}
mark="<!-- global-namespace: $stack -->"

id=$(
  gh api --paginate "$comments" --jq '.[] | [.id, .user.login, (.body | split("\n")[0])] | @tsv' |
    tr -d '\r' | AUTHOR=$author MARK=$mark awk -F '\t' '$2 == ENVIRON["AUTHOR"] && $3 == ENVIRON["MARK"] { print $1; exit }'
)

if [ -z "$id" ] && [ "$(cat "report/$stack/exit-code")" = 0 ]; then
  exit 0
elif [ -z "$id" ]; then
  scripts/comment-body.sh "$stack" | gh api --method POST "$comments" --silent --field body=@-
else
  scripts/comment-body.sh "$stack" | gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" --silent --field body=@-
fi
