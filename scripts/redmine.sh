#!/usr/bin/env bash
# Installs Debian's Redmine with SQLite, for tests/attach_redmine.rs. It is not started as a service.
set -euo pipefail
root=()
[ "$(id -u)" -eq 0 ] || root=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${root[@]}" apt-get update -q
install() { "${root[@]}" env -u RUBYOPT apt-get install -y -q --no-install-recommends redmine redmine-sqlite puma; }
install || {
  # Debian 12: bundler of libruby3.1 3.1.7 takes packaged gems without a directory of their own for missing ones
  for spec in /usr/share/rubygems-integration/*/specifications/*.gemspec /usr/lib/*/rubygems-integration/*/specifications/*.gemspec; do
    [ -f "$spec" ] && "${root[@]}" mkdir -p "$(dirname "$(dirname "$spec")")/gems/$(basename "$spec" .gemspec)"
  done
  "${root[@]}" dpkg --configure -a
  install
}
