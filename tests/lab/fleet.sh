# shellcheck shell=bash
# The controller in ops and an agent on every node. A "piece" is 'controller' or a node's name.

bin=${FAULTLINE_BIN:-$repo/build/bin}

piece_namespace() {
  if [[ $1 == controller ]]; then echo "$prefix-ops"; else echo "$prefix-$1"; fi
}

# running PIECE: a pid is ours only as long as it lives in our namespace.
running() {
  local pid
  [[ -e $state/$1.pid ]] && pid=$(<"$state/$1.pid") &&
    [[ /proc/$pid/ns/net -ef /run/netns/$(piece_namespace "$1") ]]
}

all_running() {
  local piece
  for piece in "$@"; do
    running "$piece" || return 1
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

# require_pieces PIECE...: none is fine.
require_pieces() {
  local piece
  for piece in "$@"; do
    grep -qxF -- "$piece" <<<"$(all_pieces)" ||
      misuse "unknown piece '$piece' (there are: $(all_pieces | paste -sd ' '))"
  done
}

# launch PIECE: in a session of its own, so that Ctrl-C at the prompt does not reach it. An agent has but the one
# capability that its unit gives it.
launch() {
  local program=("$bin/faultline-agent") security=()
  if [[ $1 == controller ]]; then
    program=("$bin/faultline-controller")
  else
    program=(setpriv --no-new-privs --bounding-set=-all,+net_admin --inh-caps=-all,+net_admin "${program[@]}")
  fi
  # The lab's network is its own; what is to use TLS has been given the files for it.
  grep -q '^tls:' "$state/$1.yaml" || security=(--insecure)
  setsid ip netns exec "$(piece_namespace "$1")" "${program[@]}" --config "$state/$1.yaml" "${security[@]}" \
    >>"$state/$1.log" 2>&1 </dev/null &
  echo $! >"$state/$1.pid"
}

entered_or_dead() {
  running "$1" || ! alive "$(<"$state/$1.pid")"
}

# Becomes the CLI: call it last, or in a pipeline.
exec_cli() {
  exec ip netns exec "$prefix-ops" "$bin/faultline" --controller "unix:$state/controller.sock" "$@"
}

# connected_nodes: names of the nodes whose agents are connected; fails if nobody answers.
connected_nodes() {
  exec_cli nodes --json 2>"$state/start.err" | python3 -c '
import json, sys
for node in json.load(sys.stdin).get("nodes", []):
    if node.get("connected"):
        print(node["info"]["name"])' 2>/dev/null
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
  ! all_running controller "$@" || ready "$@"
}

# Says which pieces are missing, and shows the logs of the first few of them and the controller's.
not_ready() {
  local piece connected shown=(controller)
  connected=$(connected_nodes) || true
  for piece in "$@"; do
    if ! running "$piece"; then
      echo "lab: $piece has ended" >&2
    elif [[ $piece != controller ]] && ! grep -qxF -- "$piece" <<<"$connected"; then
      echo "lab: $piece runs, but is not connected to the controller" >&2
    else
      continue
    fi
    ((${#shown[@]} > 3)) || [[ $piece == controller ]] || shown+=("$piece")
  done
  [[ ! -s $state/start.err ]] || cat "$state/start.err" >&2
  for piece in "${shown[@]}"; do
    [[ ! -s $state/$piece.log ]] || tail -v -n 15 "$state/$piece.log" >&2
  done
  exit 1
}

lab_start() {
  local lease='' program piece pieces
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
  if (($#)); then pieces=("$@"); else mapfile -t pieces < <(all_pieces); fi

  # What is started again keeps the lease it had.
  [[ -z $lease && -e $state/controller.yaml ]] || write_configs "${lease:-3s}"
  for piece in "${pieces[@]}"; do
    running "$piece" || launch "$piece"
  done
  for piece in "${pieces[@]}"; do
    wait_for 20 entered_or_dead "$piece" || not_ready "$piece"
  done
  # An agent may be started while there is no controller; then nothing tells when it is ready.
  if running controller; then
    wait_for 60 ready_or_dead "${pieces[@]}" || not_ready "${pieces[@]}"
  fi
  all_running "${pieces[@]}" || not_ready "${pieces[@]}"
  make_real_time "${pieces[@]}"
}

# As its unit does for an agent. Where this machine permits it to nobody, agents are as all else.
make_real_time() {
  local piece
  for piece in "$@"; do
    [[ $piece == controller ]] ||
      "$bin/faultline-agent" realtime --config "$state/$piece.yaml" >>"$state/$piece.log" 2>&1 || true
  done
}

# stop_together PIECE...
stop_together() {
  local piece pids=()
  for piece in "$@"; do
    ! running "$piece" || pids+=("$(<"$state/$piece.pid")")
    rm -f "$state/$piece.pid"
  done
  ((${#pids[@]} == 0)) || end "${pids[@]}"
}

lab_stop() {
  require_up
  require_pieces "$@"
  local piece agents=() controller=()
  for piece in $( (($#)) && echo "$@" || all_pieces); do
    if [[ $piece == controller ]]; then controller=(controller); else agents+=("$piece"); fi
  done
  stop_together "${agents[@]}"
  stop_together "${controller[@]}"
}

lab_pids() {
  require_up
  local piece
  for piece in $(all_pieces); do
    ! running "$piece" || echo "$piece $(<"$state/$piece.pid")"
  done
}

lab_faultline() {
  require_up
  exec_cli "$@"
}
