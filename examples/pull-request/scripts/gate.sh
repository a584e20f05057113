#!/usr/bin/env bash
# Lets a report pass or not: one that failed never, one that destroys something only with the label "destructive-ok" among
# LABELS, which are separated by commas.
set -euo pipefail
stack=$1
case $(cat "report/$stack/exit-code") in
  0 | 2) exit 0 ;;
  3)
    case ,${LABELS:-}, in
      *,destructive-ok,*) exit 0 ;;
    esac
    echo "$stack: something would be destroyed. Whoever means it gives the pull request the label destructive-ok." >&2
    exit 1
    ;;
  *)
    echo "$stack: the preview failed." >&2
    exit 1
    ;;
esac
