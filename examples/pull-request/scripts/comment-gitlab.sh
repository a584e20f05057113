#!/usr/bin/env bash
# Puts a stack's report on the merge request: the note of the last push is updated in place. Where nothing changes and
# nothing was said before, nothing is said.
# Needs GITLAB_TOKEN, a project access token with the scope api, and the variables of a merge request's pipeline.
set -euo pipefail
stack=$1
notes="$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes"
mark="<!-- global-namespace: $stack -->"

# The token on standard input: arguments can be read by others on the machine.
request() {
  curl --silent --show-error --fail --config /dev/fd/3 "$@" 3<<<"header = \"PRIVATE-TOKEN: $GITLAB_TOKEN\""
}

# Anybody can write a note that looks like ours.
self=$(request "$CI_API_V4_URL/user" | node scripts/json.mjs 'value.id')
id=
page=1
while [ -z "$id" ] && [ -n "$page" ]; do
  found=$(
    request "$notes?per_page=100&page=$page" |
      SELF=$self MARK=$mark node scripts/json.mjs '
        [value.find(({ author, body }) => String(author.id) === env.SELF && body.split("\n")[0].trim() === env.MARK)?.id ?? "",
         value.length === 100 ? "more" : ""].join(" ")'
  )
  id=${found% *}
  page=$([ "${found#* }" = more ] && echo $((page + 1)) || true)
done

if [ -z "$id" ] && [ "$(cat "report/$stack/exit-code")" = 0 ]; then
  exit 0
elif [ -z "$id" ]; then
  scripts/comment-body.sh "$stack" | request --request POST "$notes" --data-urlencode body@- --output /dev/null
else
  scripts/comment-body.sh "$stack" | request --request PUT "$notes/$id" --data-urlencode body@- --output /dev/null
fi
