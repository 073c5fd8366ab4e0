#include "controller/preview/security_groups.h"

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/preview/plan_words.h"
#include "controller/preview/security_group_edges.h"
#include "controller/preview/security_group_gaps.h"
#include "controller/preview/shell_text.h"

namespace faultline {
namespace {

// After the usage: what every step's commands are called by. A change N of step S is the functions cut_S_N, undo_S_N.
constexpr char kFunctions[] = R"sh(
# take_all ID WAY FIELD FILE: keeps all rules of one way in a file, then takes them away.
take_all() {
  if [ -e "$4" ]; then
    echo "$4 is there, so the rules are taken away already: undo that first" >&2
    return 1
  fi
  aws ec2 describe-security-groups --group-ids "$1" --query "SecurityGroups[0].$3" --output json > "$4" &&
    { [ "$(cat "$4")" = "[]" ] || aws ec2 "revoke-security-group-$2" --group-id "$1" --ip-permissions "file://$4"; } ||
    { rm -f "$4"; return 1; }
}

# put_back ID WAY FILE
put_back() {
  { [ "$(cat "$3")" = "[]" ] || aws ec2 "authorize-security-group-$2" --group-id "$1" --ip-permissions "file://$3"; } &&
    rm "$3"
}

# undo STEP CHANGES: all of them, the last first; a change that fails does not keep the others from being undone.
undo() {
  left=$2 failed=0
  while [ "$left" -gt 0 ]; do
    "undo_$1_$left" || { echo "change $left could not be undone: see whether it is there" >&2; failed=1; }
    left=$((left - 1))
  done
  return "$failed"
}

# give_up STEP CHANGES WHY: undoes the first so many.
give_up() {
  trap '' INT TERM HUP
  echo "$3; undoing what was done" >&2
  undo "$1" "$2" || true
  exit 1
}

# cut STEP CHANGES. When it is interrupted nobody knows of the last change, so that it is undone too.
cut() {
  step=$1 change=1
  trap 'give_up "$step" "$change" interrupted' INT TERM HUP
  while [ "$change" -le "$2" ]; do
    "cut_$1_$change" || give_up "$1" "$((change - 1))" "change $change failed"
    change=$((change + 1))
  done
  trap - INT TERM HUP
}
)sh";

// The shorthand of --ip-permissions but for its addresses, "IpProtocol=tcp,FromPort=3000,ToPort=3002", and the versions
// of IP that have such packets.
struct PermissionHead {
  std::string text;
  bool ipv4 = true;
  bool ipv6 = true;
};

std::vector<PermissionHead> PermissionHeads(const PacketFilter& filter) {
  std::vector<PortRange> ports = filter.destination_ports;
  ports.insert(ports.end(), filter.either_ports.begin(), filter.either_ports.end());
  std::vector<PermissionHead> heads;
  const auto add = [&](absl::string_view protocol) {
    for (const PortRange& range : ports) {
      heads.push_back({absl::StrCat("IpProtocol=", protocol, ",FromPort=", range.first, ",ToPort=", range.last)});
    }
    if (ports.empty()) heads.push_back({absl::StrCat("IpProtocol=", protocol, ",FromPort=0,ToPort=65535")});
  };
  switch (filter.protocol) {
    case Protocol::kTcp:
      add("tcp");
      break;
    case Protocol::kUdp:
      add("udp");
      break;
    case Protocol::kIcmp:
      return {{"IpProtocol=icmp,FromPort=-1,ToPort=-1", true, false},
              {"IpProtocol=icmpv6,FromPort=-1,ToPort=-1", false, true}};
    case Protocol::kSctp:
      return {{"IpProtocol=132"}};
    case Protocol::kAny:
      if (ports.empty()) return {{"IpProtocol=-1"}};
      add("tcp");
      add("udp");
      break;
  }
  return heads;
}

// The script's variables, one for every group: letters, digits and '_', told apart by numbers where groups' names
// differ in other characters alone.
class ShellNames {
 public:
  const std::string& Of(const std::string& group) {
    const auto [name, fresh] = names_.try_emplace(group);
    if (!fresh) return name->second;
    std::string plain = absl::AsciiStrToUpper(group);
    for (char& c : plain) {
      if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
    }
    name->second = plain;
    for (int number = 2; !taken_.insert(name->second).second; ++number) name->second = absl::StrCat(plain, "_", number);
    return name->second;
  }

 private:
  std::map<std::string, std::string> names_;
  std::set<std::string> taken_;
};

// A command and the one that undoes it.
struct Change {
  std::string cut;
  std::string undo;
};

// The script of one plan.
class ScriptWriter {
 public:
  explicit ScriptWriter(const Plan& plan) : plan_(plan) {}

  std::string Write() {
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) WriteStep(i + 1, plan_.steps[i]);
    return absl::StrCat(Head(), kFunctions, functions_, "\ncase \"${1-} ${2-}\" in\n", cases_,
                        "  ' ') usage ;;\n  *) usage >&2; exit 2 ;;\nesac\n");
  }

 private:
  std::string Head() const {
    std::string head = absl::StrCat(
        "#!/bin/sh\n# The nearest that AWS security groups come to plan ", ShellText(plan_.name),
        ".\nset -eu\n\nusage() {\n  cat <<'END_OF_USAGE'\nusage: sh FILE STEP cut, then sh FILE STEP undo, with these "
        "in "
        "the environment:\n",
        variables_,
        "\nRules only allow: to cut, the rules that allow are taken away. Each command must name a rule as it is in "
        "the\n"
        "group, protocol, ports and addresses: compare with aws ec2 describe-security-groups first, or the cut does\n"
        "nothing and the undo adds a rule. For every step: when a change takes effect is not told, and differs from\n"
        "group to group.\n",
        usage_, "END_OF_USAGE\n}\n");
    return head;
  }

  void WriteStep(std::size_t number, const PlanStep& step) {
    const std::string name = ShellText(step.name);
    absl::StrAppend(&usage_, "\nSTEP ", name, ", ", ShellText(DescribePlanStep(step)), "\n");
    for (const std::string& gap : SecurityGroupGaps(plan_, step)) {
      absl::StrAppend(&usage_, "  not expressed: ", ShellText(gap), "\n");
    }
    if (!SecurityGroupsCan(step)) {
      absl::StrAppend(&cases_, "  '", name, " cut' | '", name,
                      " undo') echo 'security groups cannot express this step' >&2; exit 1 ;;\n");
      return;
    }
    needed_.clear();
    const std::vector<Change> changes = ChangesOf(number, step);
    absl::StrAppend(&functions_, "\n# Step ", name, "\nneed_", number, "() {\n");
    for (const std::string& variable : needed_) {
      absl::StrAppend(&functions_, "  : \"${", variable,
                      ":?is not set; without arguments this script says what it is}\"\n");
    }
    absl::StrAppend(&functions_, "}\n");
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const std::string suffix = absl::StrCat("_", number, "_", i + 1, "() { ");
      absl::StrAppend(&functions_, "cut", suffix, changes[i].cut, "; }\nundo", suffix, changes[i].undo, "; }\n");
    }
    for (const char* verb : {"cut", "undo"}) {
      absl::StrAppend(&cases_, "  '", name, " ", verb, "') need_", number, "; ", verb, " ", number, " ", changes.size(),
                      " ;;\n");
    }
  }

  std::vector<Change> ChangesOf(std::size_t number, const PlanStep& step) {
    if (const auto* isolate = std::get_if<Isolate>(&step.ends); isolate != nullptr && !isolate->from) {
      return Isolation(number, isolate->group);
    }
    std::vector<Change> changes;
    for (const GroupEdge& edge : SecurityGroupEdges(plan_, step.ends)) AddChanges(edge, step.filter, changes);
    return changes;
  }

  void AddChanges(const GroupEdge& edge, const PacketFilter& filter, std::vector<Change>& changes) {
    const char* const way = edge.outgoing ? "egress" : "ingress";
    const std::string group = SecurityGroup(edge.outgoing ? edge.from : edge.to);
    for (const PermissionHead& head : PermissionHeads(filter)) {
      const std::string addresses = Addresses(edge.outgoing ? edge.to : edge.from, head);
      if (addresses.empty()) continue;
      const std::string rule = absl::StrCat("-security-group-", way, " --group-id \"$", group, "\" --ip-permissions \"",
                                            head.text, ",", addresses, "\"");
      changes.push_back({absl::StrCat("aws ec2 revoke", rule), absl::StrCat("aws ec2 authorize", rule)});
    }
  }

  // All rules of a group are kept in files, taken away, and put back.
  std::vector<Change> Isolation(std::size_t number, const std::string& group) {
    constexpr std::pair<const char*, const char*> kWays[] = {{"ingress", "IpPermissions"},
                                                             {"egress", "IpPermissionsEgress"}};
    const std::string variable = SecurityGroup(group);
    std::vector<Change> changes;
    for (const auto& [way, field] : kWays) {
      const std::string file = absl::StrCat("./step-", number, "-", way, ".json");
      const std::string id = absl::StrCat("\"$", variable, "\" ", way);
      changes.push_back(
          {absl::StrCat("take_all ", id, " ", field, " ", file), absl::StrCat("put_back ", id, " ", file)});
    }
    return changes;
  }

  // The shorthand's list of a group's addresses; empty: it has none of those that the head is for.
  std::string Addresses(const std::string& group, const PermissionHead& head) {
    const auto found = plan_.groups.find(group);
    if (found == plan_.groups.end() || !OnlyAddresses(found->second) || !found->second.dns.empty()) {
      if (!head.ipv4) return "";
      return absl::StrCat("IpRanges=[{CidrIp=$", Variable("CIDR_", group, "the IPv4 CIDR of "), "}]");
    }
    std::vector<std::string> ipv4;
    std::vector<std::string> ipv6;
    for (const Prefix& prefix : found->second.cidrs.prefixes()) {
      if (prefix.family() == Family::kIpv4 && head.ipv4)
        ipv4.push_back(absl::StrCat("{CidrIp=", prefix.ToString(), "}"));
      if (prefix.family() == Family::kIpv6 && head.ipv6) {
        ipv6.push_back(absl::StrCat("{CidrIpv6=", prefix.ToString(), "}"));
      }
    }
    std::vector<std::string> parts;
    if (!ipv4.empty()) parts.push_back(absl::StrCat("IpRanges=[", absl::StrJoin(ipv4, ","), "]"));
    if (!ipv6.empty()) parts.push_back(absl::StrCat("Ipv6Ranges=[", absl::StrJoin(ipv6, ","), "]"));
    return absl::StrJoin(parts, ",");
  }

  std::string SecurityGroup(const std::string& group) {
    return Variable("SG_", group, "the id of the security group of ");
  }

  // That the step needs; the first time the usage says what it is.
  std::string Variable(absl::string_view prefix, const std::string& group, absl::string_view what) {
    std::string variable = absl::StrCat(prefix, names_.Of(group));
    needed_.insert(variable);
    if (!known_.insert(variable).second) return variable;
    const auto found = plan_.groups.find(group);
    const std::string words = found == plan_.groups.end() ? "every node" : DescribeGroup(found->second);
    absl::StrAppend(&variables_, "  ", variable, ": ", what, ShellText(group), " (", ShellText(words), ")\n");
    return variable;
  }

  const Plan& plan_;
  ShellNames names_;
  // Variables of the step that is written, and of all.
  std::set<std::string> needed_;
  std::set<std::string> known_;
  // The parts of the text.
  std::string variables_;
  std::string usage_;
  std::string functions_;
  std::string cases_;
};

}  // namespace

std::string SecurityGroupScript(const Plan& plan) { return ScriptWriter(plan).Write(); }

}  // namespace faultline
