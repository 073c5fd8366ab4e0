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
      node.can_blackhole = Chance(85);
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
    if (Chance(50)) {
      step.fault = BlockFault{names[0], names[1]};
    } else {
      names.resize(static_cast<std::size_t>(2 + Below(regions_ - 1)));
      step.fault = PartitionFault{names};
    }
    made_.plan.steps.push_back(step);
  }

  std::mt19937 random_;
  int regions_ = 0;
  RandomCase made_;
};

}  // namespace

RandomCase MakeRandomCase(std::uint32_t seed) { return Maker(seed).Make(); }

}  // namespace faultline::testing_support
