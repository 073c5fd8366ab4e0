# shellcheck shell=bash
# The controller in ops and an agent on every node. A "piece" is 'controller' or a node's name.

bin=${FAULTLINE_BIN:-$repo/build/bin}

piece_namespace() {
  if [[ $1 == controller ]]; then echo "$prefix-ops"; else echo "$prefix-$1"; fi
}

# piece_pid PIECE: its pid if it runs. A pid is ours only as long as it lives in our namespace.
piece_pid() {
  local pid
  [[ -e $state/$1.pid ]] && read -r pid <"$state/$1.pid" || return 1
  [[ /proc/$pid/ns/net -ef /run/netns/$(piece_namespace "$1") ]] && echo "$pid"
}

pieces_gone() {
  local piece
  for piece in "$@"; do
    ! piece_pid "$piece" >/dev/null || return 1
  done
}

write_controller_config() { # LEASE
  cat >"$state/controller.yaml" <<END
listen: $ops4:7400
socket: $state/controller.sock
state: $state/state
lease: $1
END
}

write_agent_config() { # NAME REGION AZ
  cat >"$state/$1.yaml" <<END
name: $1
controller: $ops4:7400
runtime: $state/$1.run
labels: {region: $2, az: $3, subnet: ${3: -1}}
END
}

write_configs() { # LEASE
  local name region az
  write_controller_config "$1"
  while read -r name region az _; do
    write_agent_config "$name" "$region" "$az"
  done <"$state/nodes"
}

all_pieces() {
  echo controller
  cut -d ' ' -f 1 "$state/nodes"
}

require_pieces() {
  local piece
  for piece in "$@"; do
    all_pieces | grep -qxF -- "$piece" ||
      misuse "unknown piece '$piece' (there are: $(all_pieces | paste -sd ' '))"
  done
}

# launch PIECE: in a session of its own, so that Ctrl-C at the prompt does not reach it.
launch() {
  local program=faultline-agent
  [[ $1 != controller ]] || program=faultline-controller
  ! piece_pid "$1" >/dev/null || return 0
  setsid ip netns exec "$(piece_namespace "$1")" "$bin/$program" --config "$state/$1.yaml" \
    >>"$state/$1.log" 2>&1 </dev/null &
  echo $! >"$state/$1.pid"
}

run_cli() {
  ip netns exec "$prefix-ops" "$bin/faultline" --controller "unix:$state/controller.sock" "$@"
}

# connected_nodes: names of the nodes whose agents are connected; fails if nobody answers.
connected_nodes() {
  run_cli nodes --json 2>"$state/start.err" | python3 -c '
import json, sys
for node in json.load(sys.stdin).get("nodes", []):
    if node.get("connected"):
        print(node["name"])' 2>/dev/null
}

# ready PIECE...: the controller answers and every other piece is connected to it.
ready() {
  local connected piece
  connected=$(connected_nodes) || return 1
  for piece in "$@"; do
    [[ $piece == controller ]] || grep -qxF -- "$piece" <<<"$connected" || return 1
  done
}

ready_or_dead() {
  local piece
  for piece in "$@"; do
    # Its own exec may not have happened yet: a process of ours that exists counts as alive.
    kill -0 "$(<"$state/$piece.pid")" 2>/dev/null || return 0
  done
  ready "$@"
}

in_namespace() {
  local piece
  for piece in "$@"; do
    piece_pid "$piece" >/dev/null || return 1
  done
}

give_up_start() {
  echo "lab: not ready: $*" >&2
  cat "$state/start.err" >&2 2>/dev/null || true
  local piece
  for piece in controller "$@"; do
    [[ -s $state/$piece.log ]] || continue
    echo "--- the end of $state/$piece.log" >&2
    tail -n 15 "$state/$piece.log" >&2
  done
  exit 1
}

lab_start() {
  local lease= program pieces
  if [[ ${1:-} == --lease ]]; then
    [[ ${2:-} =~ ^[0-9]+(ms|s|m)$ ]] || misuse "--lease '${2:-}': expected a duration such as 3s"
    lease=$2
    shift 2
  fi
  require_up
  require_pieces "$@"
  for program in faultline faultline-agent faultline-controller; do
    [[ -x $bin/$program ]] || die "$bin/$program is missing: ./dev build makes it"
  done
  mapfile -t pieces < <((($#)) && printf '%s\n' "$@" || all_pieces)

  # Pieces started again keep the lease they had.
  [[ -z $lease && -e $state/controller.yaml ]] || write_configs "${lease:-3s}"
  local piece
  for piece in "${pieces[@]}"; do
    launch "$piece"
  done
  if piece_alive controller; then
    wait_for 15 ready_or_dead "${pieces[@]}"
    ready "${pieces[@]}" || give_up_start "${pieces[@]}"
  else
    wait_for 5 in_namespace "${pieces[@]}" || give_up_start "${pieces[@]}"
  fi
}

lab_stop() {
  require_up
  require_pieces "$@"
  :
}

lab_faultline() {
  require_up
  run_cli "$@"
}
