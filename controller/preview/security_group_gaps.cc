#include "controller/preview/security_group_gaps.h"

#include <set>
#include <variant>

#include "absl/strings/str_cat.h"
#include "controller/preview/plan_words.h"
#include "controller/preview/security_group_edges.h"

namespace faultline {
namespace {

// Rules of a security group, unless AWS was asked for more (VPC quotas).
constexpr std::size_t kMostRules = 60;

// Cut off from all the world: then all rules go, whatever they are.
bool IsWholeGroup(const PlanStep& step) {
  const auto* isolate = std::get_if<Isolate>(&step.ends);
  return isolate != nullptr && !isolate->from;
}

// Whether a step is about some packets only. Which connections is not asked: a security group only ever does new ones.
bool HasFilter(const PlanStep& step) {
  PacketFilter filter = step.filter;
  filter.connection = Connection::kAny;
  return !(filter == PacketFilter()) || !step.exclude.empty();
}

// What is missing of one step.
class Gaps {
 public:
  Gaps(const Plan& plan, const PlanStep& step) : plan_(plan), step_(step) {}

  std::vector<std::string> Take() {
    AddEffect();
    AddEnds();
    AddPackets();
    if (step_.flap) {
      Add("coming and going: every change is a call for each group, and takes effect at its own moment");
    }
    if (!step_.exclude.empty()) {
      Add(absl::StrCat("sparing ", step_.exclude.ToString(8),
                       ": a rule has no exceptions, allow the spared addresses by rules of their own"));
    }
    return std::move(lines_);
  }

 private:
  void Add(std::string line) { lines_.push_back(std::move(line)); }
  bool Impairs() const { return std::holds_alternative<Impairment>(step_.effect); }

  void AddEffect() {
    if (Impairs()) {
      Add("all of it: a security group lets a packet pass or not, it cannot delay, lose some, duplicate, corrupt, "
          "reorder or slow");
      if (step_.ramp) Add("the ramp");
      return;
    }
    if (std::holds_alternative<Reject>(step_.effect)) {
      Add("refusing: a security group is silent, clients wait until they time out");
    }
    if (step_.filter.connection == Connection::kAny) {
      Add("every packet: connections that are open live on, only new ones are kept out");
    } else if (step_.filter.connection == Connection::kEstablished) {
      Add("established connections alone: these are the ones that live on");
    }
  }

  void AddEnds() {
    if (Impairs()) return;
    if (const auto* one_way = std::get_if<OneWay>(&step_.ends)) AddOneWay(*one_way);
    if (const auto* shape = std::get_if<Shape>(&step_.ends)) {
      Add(absl::StrCat("all of it: who is ", DescribeEnds(*shape),
                       " is drawn when the run is armed, each node would need a security group of its own"));
    }
    if (IsWholeGroup(step_)) AddWholeGroup(std::get<Isolate>(step_.ends).group);
    std::set<std::string> names;
    for (const GroupEdge& edge : SecurityGroupEdges(plan_, step_.ends)) names.insert({edge.from, edge.to});
    for (const std::string& name : names) AddQuota(name);
    if (IsWholeGroup(step_)) names.insert(std::get<Isolate>(step_.ends).group);
    for (const std::string& name : names) AddDraw(name);
  }

  void AddOneWay(const OneWay& one_way) {
    if (step_.filter.connection == Connection::kNew) return;
    Add(absl::StrCat("one way: what ", one_way.from, " answers on connections that ", one_way.to, " opens passes"));
  }

  void AddWholeGroup(const std::string& group) {
    if (HasFilter(step_)) {
      Add(absl::StrCat("all of it: rules cannot say but for these packets of everyone, all rules of ", group,
                       " would have to go, those that let SSH in among them"));
    } else {
      Add(absl::StrCat("within ", group,
                       " packets flow: all rules of the group go, those that let its own members in "
                       "among them"));
    }
  }

  void AddQuota(const std::string& group) {
    const auto found = plan_.groups.find(group);
    if (found == plan_.groups.end() || found->second.cidrs.prefixes().size() <= kMostRules) return;
    Add(absl::StrCat(group, " has ", found->second.cidrs.prefixes().size(), " prefixes, a security group has ",
                     kMostRules, " rules unless AWS grants more"));
  }

  void AddDraw(const std::string& name) {
    const auto found = plan_.groups.find(name);
    if (found == plan_.groups.end() || !found->second.draw) return;
    Add(absl::StrCat("the draw: ", name, " is ", DescribeGroup(found->second),
                     " when the run is armed, draw it yourself, and give it a security group of its own"));
  }

  void AddPackets() {
    const PacketFilter& filter = step_.filter;
    if (!filter.except_ports.empty()) {
      Add("excluded ports: a rule has no exceptions, allow the ranges around them by rules of their own");
    }
    if (!filter.source_ports.empty()) Add("source ports: rules know destination ports only");
    if (!filter.either_ports.empty()) Add("ports on either end: rules know destination ports only");
    if (filter.dscp) Add("the code point, dscp");
    if (!filter.interfaces.empty()) {
      Add("interfaces by name: put the security group on those network interfaces alone");
    }
    const bool ports = !filter.destination_ports.empty() || !filter.either_ports.empty();
    if (filter.protocol == Protocol::kSctp && ports) Add("ports of sctp: rules know those of tcp and udp only");
    if (filter.protocol == Protocol::kAny && ports) Add("ports of sctp too: rules know those of tcp and udp only");
  }

  const Plan& plan_;
  const PlanStep& step_;
  std::vector<std::string> lines_;
};

}  // namespace

bool SecurityGroupsCan(const PlanStep& step) {
  if (std::holds_alternative<Impairment>(step.effect) || std::holds_alternative<Shape>(step.ends)) return false;
  return !(IsWholeGroup(step) && HasFilter(step));
}

std::vector<std::string> SecurityGroupGaps(const Plan& plan, const PlanStep& step) { return Gaps(plan, step).Take(); }

}  // namespace faultline
