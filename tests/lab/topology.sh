# shellcheck shell=bash
# The address plan: which nodes there are and what everything is called. Pure text.

readonly -A region_of=([lon]=eu-west-2 [par]=eu-west-3)
readonly -A net4_of=([lon]=172.32 [par]=172.33)
readonly -A net6_of=([lon]=fd20 [par]=fd21)
# Third octet at which each /20 begins.
readonly -A subnet_at=([lon_a]=32 [lon_b]=16 [lon_c]=0 [par_a]=16 [par_b]=0 [par_c]=32)

# 198.18.0.0/15 is the range set aside for tests; fd2e and fd2f are the lab's own.
readonly ops4=198.18.0.10 ops6=fd2f::10
readonly peering4=198.18.255 peering6=fd2e:0:0:ffff
readonly -A ops_link4=([lon]=198.18.1 [par]=198.18.2)
readonly -A ops_link6=([lon]=fd2e:0:0:1 [par]=fd2e:0:0:2)

# place CITY NUMBER THIRD FOURTH: prints a node's line, 'name region az ipv4 ipv6', where
# THIRD and FOURTH are the last octets of its address. Its IPv6 host part is the same number.
place() {
  local city=$1 number=$2 third=$3 fourth=$4 subnet
  for subnet in a b c; do
    ((subnet_at[${city}_$subnet] == (third & 0xf0))) && break
  done
  printf '%s-%d %s %s%s %s.%d.%d %s:0:0:%s::%x\n' "$city" "$number" \
    "${region_of[$city]}" "${region_of[$city]}" "$subnet" \
    "${net4_of[$city]}" "$third" "$fourth" \
    "${net6_of[$city]}" "$subnet" $(((third & 0x0f) << 8 | fourth))
}

# The six nodes of the scenario, at its addresses.
plan_scenario() {
  place lon 1 15 231
  place lon 2 4 2
  place lon 3 5 239
  place par 1 11 90
  place par 2 8 38
  place par 3 7 44
}

# plan_per_subnet N: N nodes in each subnet, dealt in turn, so that nodes 1 to 3 of a city are
# always in a, b and c.
plan_per_subnet() {
  local city subnet row number host
  for city in lon par; do
    number=0
    for ((row = 0; row < $1; row++)); do
      for subnet in a b c; do
        host=$((10 + row))
        place "$city" $((++number)) $((subnet_at[${city}_$subnet] + host / 256)) $((host % 256))
      done
    done
  done
}

# print_hosts: an /etc/hosts with every name of the lab, from node lines on stdin.
print_hosts() {
  printf '127.0.0.1 localhost\n::1 localhost\n'
  printf '%s ops controller\n' "$ops4" "$ops6"
  local name ipv4 ipv6
  while read -r name _ _ ipv4 ipv6; do
    printf '%s %s\n%s %s\n' "$ipv4" "$name" "$ipv6" "$name"
  done
}
