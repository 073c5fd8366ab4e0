# shellcheck shell=bash
# Building, showing and removing the namespaces. Every device is made inside a namespace of the
# lab, so the host never sees one and device names need not differ between labs.

# namespaces: the names of this lab's namespaces that exist now, also after a half-finished up.
namespaces() {
  local path
  for path in /run/netns/"$prefix"-*; do
    [[ ${path##*/} =~ ^$prefix-((lon|par)-[0-9]+|rtr-(lon|par)|ops)$ ]] && echo "${path##*/}"
  done
  return 0
}

require_up() {
  [[ -e $state/nodes ]] || die "lab '$prefix' is not up: tests/lab/lab --prefix $prefix up"
}

# require_node NODE: NODE may also be a router or ops.
require_node() {
  require_up
  [[ $1 =~ ^[a-z]+(-[a-z0-9]+)?$ && -e /run/netns/$prefix-$1 ]] ||
    misuse "unknown node '$1' (there are: $(namespaces | sed "s/^$prefix-//" | paste -sd ' '))"
}

lab_nodes() {
  (($# == 0)) || misuse "nodes takes no argument"
  require_up
  cat "$state/nodes"
}

lab_exec() {
  (($# >= 2)) || misuse "exec needs NODE and CMD"
  require_node "$1"
  exec ip netns exec "$prefix-$1" "${@:2}"
}

# The prefix is claimed for the whole machine by the one step that only one process can win.
# It is tried again because another lab's down may remove an empty /etc/netns in between.
claim_prefix() {
  until mkdir -p /etc/netns && mkdir "/etc/netns/$prefix-ops" 2>/dev/null; do
    [[ ! -e /etc/netns/$prefix-ops ]] ||
      die "lab '$prefix' is up, or was left behind: tests/lab/lab --prefix $prefix down"
  done
}

# Without names of their own, look-ups in a namespace would wait for the host's resolver.
write_name_files() {
  local hosts name
  hosts=$(print_hosts <"$state/nodes")
  for name in "${all[@]}"; do
    mkdir -p "/etc/netns/$prefix-$name"
    echo "$hosts" >"/etc/netns/$prefix-$name/hosts"
    : >"/etc/netns/$prefix-$name/resolv.conf"
  done
}

# Before any device is there, so that each one starts with these settings.
make_namespaces() {
  local name
  printf "netns add $prefix-%s\n" "${all[@]}" | ip -batch -
  for name in "${all[@]}"; do
    nsenter --net="/run/netns/$prefix-$name" sysctl -qw \
      net.ipv6.conf.{all,default}.disable_ipv6=0 \
      net.ipv6.conf.{all,default}.accept_dad=0 \
      net.ipv6.conf.{all,default}.accept_ra=0 \
      net.ipv4.conf.{all,default}.rp_filter=0
    ip -n "$prefix-$name" link set lo up
  done
  for name in rtr-lon rtr-par ops; do
    nsenter --net="/run/netns/$prefix-$name" sysctl -qw \
      net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  done
}

# router_batch CITY OTHER SIDE OTHER_SIDE: everything CITY's router needs, but for the peering
# device itself; the sides are the last figures of the peering addresses.
router_batch() {
  local city=$1 other=$2 subnet name region az
  for subnet in a b c; do
    cat <<END
link add br-$subnet type bridge stp_state 0 forward_delay 0 mcast_snooping 0
addr add ${net4_of[$city]}.${subnet_at[${city}_$subnet]}.1/20 dev br-$subnet
addr add ${net6_of[$city]}:0:0:$subnet::1/64 dev br-$subnet nodad
link set br-$subnet up
END
  done
  while read -r name region az _; do
    [[ $region == "${region_of[$city]}" ]] || continue
    cat <<END
link add $name type veth peer name eth0 netns $prefix-$name
link set $name master br-${az: -1} up
END
  done <"$state/nodes"
  cat <<END
link set peering up
addr add $peering4.$3/30 dev peering
addr add $peering6::$3/64 dev peering nodad
route add ${net4_of[$other]}.0.0/16 via $peering4.$4
route add ${net6_of[$other]}::/48 via $peering6::$4
link add ops type veth peer name $city netns $prefix-ops
link set ops up
addr add ${ops_link4[$city]}.1/30 dev ops
addr add ${ops_link6[$city]}::1/64 dev ops nodad
route add $ops4/32 via ${ops_link4[$city]}.2
route add $ops6/128 via ${ops_link6[$city]}::2
END
}

ops_batch() {
  local city
  printf 'addr add %s\n' "$ops4/32 dev lo" "$ops6/128 dev lo nodad"
  for city in lon par; do
    cat <<END
link set $city up
addr add ${ops_link4[$city]}.2/30 dev $city
addr add ${ops_link6[$city]}::2/64 dev $city nodad
route add ${net4_of[$city]}.0.0/16 via ${ops_link4[$city]}.1 src $ops4
route add ${net6_of[$city]}::/48 via ${ops_link6[$city]}::1 src $ops6
END
  done
}

# node_batch CITY AZ IPV4 IPV6
node_batch() {
  local subnet=${2: -1}
  cat <<END
addr add $3/20 dev eth0
addr add $4/64 dev eth0 nodad
link set eth0 up
route add default via ${net4_of[$1]}.${subnet_at[$1_$subnet]}.1
route add ::/0 via ${net6_of[$1]}:0:0:$subnet::1
END
}

wire() {
  local name az ipv4 ipv6
  ip -n "$prefix-rtr-lon" link add peering type veth peer name peering netns "$prefix-rtr-par"
  router_batch lon par 1 2 | ip -n "$prefix-rtr-lon" -batch -
  router_batch par lon 2 1 | ip -n "$prefix-rtr-par" -batch -
  ops_batch | ip -n "$prefix-ops" -batch -
  while read -r name _ az ipv4 ipv6; do
    node_batch "${name%-*}" "$az" "$ipv4" "$ipv6" | ip -n "$prefix-$name" -batch -
  done <"$state/nodes"
}

# Devices get their carrier a moment after they are set up, and are called up a moment later; what is sent before is lost.
carrier_everywhere() {
  local name
  for name in "${all[@]}"; do
    [[ -z $(ip -n "$prefix-$name" -o link show type veth | grep -v 'LOWER_UP.* state UP ') ]] || return 1
  done
}

undo_up() {
  echo "lab: up did not finish; taking down what there is" >&2
  lab_down
}

lab_up() {
  local per_subnet=0 all
  if (($#)); then
    [[ $# -eq 2 && $1 == --per-subnet ]] || misuse "up takes only --per-subnet N"
    [[ $2 =~ ^[1-9][0-9]{0,2}$ ]] || misuse "--per-subnet '$2': expected 1 to 999"
    per_subnet=$2
  fi
  # A Unix socket's path has room for 107 characters, and the agents' are the longest here.
  ((${#state} <= 80)) || die "$state is too long a path for sockets: set FAULTLINE_LAB_DIR"
  claim_prefix
  trap undo_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  mkdir -p "$state"
  if ((per_subnet)); then plan_per_subnet "$per_subnet"; else plan_scenario; fi >"$state/nodes"
  mapfile -t all < <(cut -d ' ' -f 1 "$state/nodes" && printf '%s\n' rtr-lon rtr-par ops)
  write_name_files
  make_namespaces
  wire
  wait_for 5 carrier_everywhere || die "the links did not come up"
  trap - EXIT INT TERM HUP
}

lab_down() {
  (($# == 0)) || misuse "down takes no argument"
  trap '' INT TERM HUP
  local found pids status=0
  mapfile -t found < <(namespaces)
  if ((${#found[@]})); then
    mapfile -t pids < <(processes_in "${found[@]}")
    ((${#pids[@]} == 0)) || end "${pids[@]}" || status=1
    printf 'netns del %s\n' "${found[@]}" | ip -force -batch - || status=1
  fi
  rm -rf /etc/netns/"$prefix"-{lon-,par-,rtr-}* "/etc/netns/$prefix-ops"
  rmdir --ignore-fail-on-non-empty /etc/netns 2>/dev/null || true
  rm -rf "$state" # last, as it is what names a lab that is not all gone
  return $status
}

lab_status() {
  (($# == 0)) || misuse "status takes no argument"
  require_up
  local row='%-9s %-14s %-16s %-18s %-11s %s\n' name az ipv4 ipv6
  # shellcheck disable=SC2059
  {
    printf "$row" NODE NAMESPACE IPV4 IPV6 AZ PROCESSES
    while read -r name _ az ipv4 ipv6; do
      printf "$row" "$name" "$prefix-$name" "$ipv4" "$ipv6" "$az" "$(programs_in "$prefix-$name")"
    done <"$state/nodes"
    for name in rtr-lon rtr-par; do
      printf "$row" "$name" "$prefix-$name" - - - "$(programs_in "$prefix-$name")"
    done
    printf "$row" ops "$prefix-ops" "$ops4" "$ops6" - "$(programs_in "$prefix-ops")"
  }
  print_peering
}

# Counters, timeouts and timers are left out, as two looks at the same state must be equal; so is
# the peer's namespace, whose name ip finds or not while other labs come and go.
lab_kernel_state() {
  (($# == 1)) || misuse "kernel-state needs NODE"
  require_node "$1"
  ip netns exec "$prefix-$1" nft -s list ruleset
  ip -n "$prefix-$1" -d -o link show |
    sed -E 's/[a-z_]+_timer +[0-9.]+ //g; s/link-netns(id)? [^ ]+ //'
  tc -n "$prefix-$1" qdisc show
}

# lab_plug NODE DEVICE ADDRESS/LENGTH: a further interface of NODE, on a network of its own at its region's router, which
# takes the network's first address.
lab_plug() {
  (($# == 3)) || misuse "plug needs NODE, DEVICE and ADDRESS/LENGTH"
  [[ $1 =~ ^(lon|par)- && $3 =~ ^([0-9]+\.[0-9]+\.[0-9]+)\.[0-9]+/24$ ]] || misuse "plug: not '$1 $3'"
  local router=$prefix-rtr-${1%%-*} far=$1.$2 gateway=${BASH_REMATCH[1]}.1/24
  require_node "$1"
  ip -n "$router" link add "$far" type veth peer name "$2" netns "$prefix-$1"
  ip -n "$router" addr add "$gateway" dev "$far"
  ip -n "$router" link set "$far" up
  ip -n "$prefix-$1" addr add "$3" dev "$2"
  ip -n "$prefix-$1" link set "$2" up
}

lab_unplug() {
  (($# == 2)) || misuse "unplug needs NODE and DEVICE"
  require_node "$1"
  ip -n "$prefix-$1" link del "$2"
}
