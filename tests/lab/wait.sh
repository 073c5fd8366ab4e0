# shellcheck shell=bash

# wait_for SECONDS CMD...: until CMD succeeds; fails when the time is up.
wait_for() {
  local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
  shift
  until "$@"; do
    ((${EPOCHREALTIME/[.,]/} < deadline)) || return 1
    sleep 0.05
  done
}
