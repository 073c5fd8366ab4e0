# shellcheck shell=bash
# Finding and ending the processes inside the lab: by pid, and only those in its namespaces.

# processes_in NAMESPACE...: pids, but not our own.
processes_in() {
  local name
  for name in "$@"; do
    ip netns pids "$name"
  done | grep -vx "$$" || true
}

# alive PID: a zombie is not, whoever has yet to reap it.
alive() {
  [[ -e /proc/$1/ns/net ]]
}

# describe PID...: 'name(pid) ...' of those that live.
describe() {
  local pid list=()
  for pid in "$@"; do
    ! alive "$pid" || list+=("$(<"/proc/$pid/comm")($pid)")
  done
  echo "${list[*]}"
}

none_alive() {
  local pid
  for pid in "$@"; do
    ! alive "$pid" || return 1
  done
}

# end PID...: asks each to end, also one that is stopped, and insists after five seconds.
end() {
  kill -TERM "$@" 2>/dev/null || true
  kill -CONT "$@" 2>/dev/null || true
  wait_for 5 none_alive "$@" && return
  echo "lab: did not end on SIGTERM, so killed: $(describe "$@")" >&2
  kill -KILL "$@" 2>/dev/null || true
  wait_for 5 none_alive "$@"
}

# programs_in NAMESPACE
programs_in() {
  local pids
  mapfile -t pids < <(processes_in "$1")
  describe "${pids[@]}"
}
