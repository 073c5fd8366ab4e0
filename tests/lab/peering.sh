# shellcheck shell=bash
# The peering link between the routers: the true cut and the true bottleneck to compare with.

# set_dropping CITY YES_OR_NO: whether CITY's router drops what it would send across the link.
set_dropping() {
  local rules='add table inet lab
delete table inet lab'
  if [[ $2 == yes ]]; then
    rules+='
table inet lab {
  chain forward { type filter hook forward priority filter; oifname "peering" drop; }
}'
  fi
  ip netns exec "$prefix-rtr-$1" nft -f - <<<"$rules"
}

lab_cut() {
  local way=${1:-both} london=no paris=no
  (($# <= 1)) || misuse "cut takes one direction"
  case $way in
    both) london=yes paris=yes ;;
    london-to-paris) london=yes ;;
    paris-to-london) paris=yes ;;
    *) misuse "cut '$way': expected both, london-to-paris or paris-to-london" ;;
  esac
  require_up
  set_dropping lon "$london"
  set_dropping par "$paris"
}

lab_uncut() {
  (($# == 0)) || misuse "uncut takes no argument"
  require_up
  set_dropping lon no
  set_dropping par no
}

lab_slow() {
  [[ $# -eq 1 && $1 =~ ^[0-9]+(\.[0-9]+)?[kmg]?bit$ ]] || misuse "slow needs a RATE such as 10mbit"
  require_up
  local city
  for city in lon par; do
    tc -n "$prefix-rtr-$city" qdisc replace dev peering root tbf rate "$1" burst 64kb latency 200ms
  done
}

lab_unslow() {
  (($# == 0)) || misuse "unslow takes no argument"
  require_up
  local city
  for city in lon par; do
    # There is nothing to delete unless it was slowed.
    tc -n "$prefix-rtr-$city" qdisc del dev peering root 2>/dev/null || true
  done
}

print_peering() {
  local city rate
  for city in lon par; do
    printf 'peering, from %s: ' "$city"
    if ip netns exec "$prefix-rtr-$city" nft list table inet lab &>/dev/null; then
      printf 'cut'
    else
      printf 'open'
    fi
    rate=$(tc -n "$prefix-rtr-$city" qdisc show dev peering |
      sed -n 's/.* tbf .*rate \([^ ]*\).*/\1/p')
    echo "${rate:+, at most $rate}"
  done
}
