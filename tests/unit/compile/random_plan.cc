#include "tests/unit/compile/random_plan.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/unit/compile/fleet_builder.h"

namespace faultline::testing_support {
namespace {

class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  RandomCase Make() {
    regions_ = 2 + Below(4);
    for (int region = 0; region < regions_; ++region) AddRegion(region);
    for (int region = 0; region < regions_; ++region) AddGroup(region);
    const int steps = 1 + Below(5);
    for (int step = 0; step < steps; ++step) AddStep(step);
    made_.plan.name = "random";
    made_.plan.seed = random_();
    made_.strangers.push_back(Ip("192.0.2.7"));
    made_.strangers.push_back(Ip("2001:db8::7"));
    return std::move(made_);
  }

 private:
  int Below(int limit) { return static_cast<int>(random_() % static_cast<std::uint32_t>(limit)); }
  bool Chance(int percent) { return Below(100) < percent; }

  void AddRegion(int region) {
    const int nodes = Below(5);
    for (int i = 0; i < nodes; ++i) {
      std::vector<std::string> addresses;
      // In either half of the region's IPv4 space.
      if (Chance(85)) addresses.push_back(absl::StrCat("10.", region, ".", Below(2) * 128, ".", i + 1));
      if (addresses.empty() || Chance(60)) addresses.push_back(absl::StrCat("fd00:", region, "::", i + 1));
      if (Chance(20)) addresses.push_back(absl::StrCat("192.168.", region, ".", i + 1));
      InventoryNode node = Node(absl::StrCat("n", region, "-", i), addresses, {{"home", absl::StrCat("r", region)}});
      node.has = CapabilitySet::All();
      if (Chance(15)) node.has.Set(Capability::kEgressHook, false);
      if (Chance(50)) node.has.Set(Capability::kEgressClsact, false);
      if (Chance(10)) node.has.Set(Capability::kRejectOutgoing, false);
      if (Chance(2)) node.has.Set(Capability::kNetem, false);
      made_.inventory.nodes.push_back(node);
    }
    made_.strangers.push_back(Ip(absl::StrCat("10.", region, ".0.200")));
    made_.strangers.push_back(Ip(absl::StrCat("10.", region, ".200.1")));
    made_.strangers.push_back(Ip(absl::StrCat("fd00:", region, "::200")));
  }

  std::vector<std::string> NodesOf(int region) const {
    std::vector<std::string> names;
    const std::string stem = absl::StrCat("n", region, "-");
    for (const InventoryNode& node : made_.inventory.nodes) {
      if (node.name.text().rfind(stem, 0) == 0) names.push_back(node.name.text());
    }
    return names;
  }

  void AddGroup(int region) {
    Group group;
    group.name = absl::StrCat("g", region);
    group.position = {region + 3, 3};
    if (Chance(70)) group.cidrs = RandomCidrs(region);
    const std::vector<std::string> nodes = NodesOf(region);
    if (group.cidrs.empty() || (!nodes.empty() && Chance(50))) Choose(region, nodes, group);
    made_.plan.groups.emplace(group.name, group);
  }

  PrefixSet RandomCidrs(int region) {
    std::vector<std::string> texts = {absl::StrCat("10.", region, ".0.0/", Chance(50) ? 16 : 17)};
    if (Chance(50)) texts.push_back(absl::StrCat("fd00:", region, "::/32"));
    return Set(texts);
  }

  void Choose(int region, const std::vector<std::string>& nodes, Group& group) {
    std::set<std::string>& chosen = made_.chosen[group.name];
    const int how = Below(3);
    if (how == 0) {
      group.labels = {{"home", absl::StrCat("?", region)}};
    } else if (how == 1) {
      group.nodes = {absl::StrCat("n", region, "-*")};
    }
    if (how != 2) {
      chosen.insert(nodes.begin(), nodes.end());
      return;
    }
    for (const std::string& node : nodes) {
      if (Chance(60)) chosen.insert(node);
    }
    group.nodes.assign(chosen.begin(), chosen.end());
    group.nodes.push_back("nobody");
  }

  void AddStep(int number) {
    std::vector<std::string> names;
    for (const auto& [name, group] : made_.plan.groups) names.push_back(name);
    std::shuffle(names.begin(), names.end(), random_);
    PlanStep step;
    step.name = absl::StrCat("s", number);
    step.position = {number + 20, 5};
    step.at = std::chrono::milliseconds(1 + Below(10'000));
    step.length = std::chrono::milliseconds(100 + Below(10'000));
    if (Chance(45)) {
      step.ends = OneWay{names[0], names[1]};
    } else if (Chance(25)) {
      step.ends = Isolate{names[0], std::nullopt};
      if (Chance(50)) step.ends = Isolate{names[0], names[1]};
    } else {
      names.resize(static_cast<std::size_t>(2 + Below(regions_ - 1)));
      step.ends = Between{names};
    }
    SetEffect(step);
    made_.covers_probes.push_back(SetFilter(step.filter));
    if (Chance(15)) step.exclude = RandomCidrs(Below(regions_));
    if (Chance(25)) {
      step.flap = Flap{.down = Milliseconds(200, 2'000), .up = Milliseconds(200, 2'000)};
      if (Chance(50)) step.flap->jitter = Milliseconds(0, 50);
    }
    made_.plan.steps.push_back(step);
  }

  Duration Milliseconds(int least, int most) { return std::chrono::milliseconds(least + Below(most - least + 1)); }

  Impairment RandomImpairment() {
    Impairment impairment;
    impairment.delay = Milliseconds(1, 300);
    if (Chance(30)) impairment.jitter = impairment.delay / 4;
    if (Chance(50)) impairment.loss = Ratio::Percent(static_cast<std::uint32_t>(1 + Below(100)));
    return impairment;
  }

  void SetEffect(PlanStep& step) {
    if (Chance(20)) step.effect = Reject{};
    if (!Chance(45)) return;
    const Impairment impairment = RandomImpairment();
    step.effect = impairment;
    if (!Chance(40)) return;
    step.ramp =
        Ramp{.to = impairment, .over = Milliseconds(500, 8'000), .changes = static_cast<std::uint32_t>(Below(5))};
    step.ramp->to.delay += Milliseconds(1, 200);
    if (!impairment.loss.zero()) step.ramp->to.loss = Ratio::Percent(static_cast<std::uint32_t>(1 + Below(100)));
  }

  // Whether it is about probes.
  bool SetFilter(PacketFilter& filter) {
    constexpr PortRange kProbes = {7000, 7401};
    constexpr PortRange kOthers = {3000, 3002};
    switch (Below(14)) {
      case 0:
        filter.protocol = Protocol::kTcp;
        return false;
      case 1:
        filter.protocol = Protocol::kUdp;
        return true;
      case 2:
        filter.destination_ports = {kOthers, kProbes};
        return true;
      case 3:
        filter.source_ports = {kOthers};
        return false;
      case 4:
        filter.either_ports = {kOthers};
        return false;
      case 5:
        filter.except_ports = {kProbes};
        return false;
      case 6:
        filter.except_ports = {kOthers};
        return true;
      case 7:
        filter.dscp = 46;
        return false;
      default:
        return true;
    }
  }

  std::mt19937 random_;
  int regions_ = 0;
  RandomCase made_;
};

}  // namespace

RandomCase MakeRandomCase(std::uint32_t seed) { return Maker(seed).Make(); }

}  // namespace faultline::testing_support
