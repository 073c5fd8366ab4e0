#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "common/timeline_codec.h"
#include "controller/compile/compiler.h"
#include "controller/compile/predict.h"
#include "tests/unit/compile/fleet_builder.h"
#include "tests/unit/compile/random_plan.h"

namespace faultline {
namespace {

using testing_support::MakeRandomCase;
using testing_support::Options;
using testing_support::RandomCase;

// One end of a packet: an address and, when an agent's node holds it, that node.
struct End {
  IpAddress address;
  const InventoryNode* node = nullptr;
  const Timeline* timeline = nullptr;
};

// A random case that compiles, and what to ask about it.
struct World {
  RandomCase made;
  Compiled compiled;
  std::vector<End> ends;

  bool Reaches(const End& from, const End& to, const std::vector<StepIndex>& active) const {
    return faultline::Reaches(from.timeline, from.address, to.timeline, to.address, active);
  }
};

void ForEveryPair(const World& world, const std::function<void(const End&, const End&)>& check) {
  for (const End& from : world.ends) {
    for (const End& to : world.ends) {
      if (from.address.family() == to.address.family()) check(from, to);
    }
  }
}

class CompilePropertyTest : public testing::Test {
 protected:
  // Runs `check` on every one of 400 random worlds that compile; enough of them must.
  void ForEveryWorld(const std::function<void(const World&)>& check) {
    int worlds = 0;
    for (std::uint32_t seed = 1; seed <= 400 && !HasFatalFailure(); ++seed) {
      SCOPED_TRACE(testing::Message() << "seed " << seed);
      World world;
      world.made = MakeRandomCase(seed);
      world.compiled = CompilePlan(world.made.plan, world.made.inventory, Options());
      if (!world.compiled.errors.empty()) continue;
      ++worlds;
      AddEnds(world);
      check(world);
    }
    EXPECT_GT(worlds, 100);
  }

 private:
  static void AddEnds(World& world) {
    for (const InventoryNode& node : world.made.inventory.nodes) {
      const auto timeline = std::find_if(world.compiled.timelines.begin(), world.compiled.timelines.end(),
                                         [&](const Timeline& one) { return one.node == node.name; });
      for (const IpAddress& address : node.addresses) world.ends.push_back({address, &node, &*timeline});
    }
    for (const IpAddress& address : world.made.strangers) world.ends.push_back({address, nullptr, nullptr});
  }
};

// Straight from the words of the plan: who is in a group, and who can enforce what.
class Oracle {
 public:
  explicit Oracle(const World& world) : made_(world.made) {}

  bool Reaches(const End& from, const End& to, const std::vector<StepIndex>& active) const {
    if (from.node != nullptr && from.node == to.node) return true;
    return std::none_of(active.begin(), active.end(),
                        [&](StepIndex step) { return Cuts(made_.plan.steps[step].fault, from, to); });
  }

  bool InGroup(const std::string& group, const End& end) const {
    const auto chosen = made_.chosen.find(group);
    return InCidrs(group, end) ||
           (end.node != nullptr && chosen != made_.chosen.end() && chosen->second.contains(end.node->name.text()));
  }

 private:
  bool InCidrs(const std::string& group, const End& end) const {
    const std::vector<Prefix>& cidrs = made_.plan.groups.at(group).cidrs.prefixes();
    return std::any_of(cidrs.begin(), cidrs.end(), [&](const Prefix& cidr) { return cidr.Contains(end.address); });
  }

  bool CutsEdge(const std::string& a, const std::string& b, const End& from, const End& to) const {
    if (!InGroup(a, from) || !InGroup(b, to)) return false;
    return to.node != nullptr || (from.node != nullptr && from.node->can_blackhole);
  }

  bool Cuts(const Fault& fault, const End& from, const End& to) const {
    if (const auto* block = std::get_if<BlockFault>(&fault)) return CutsEdge(block->from, block->to, from, to);
    for (const std::string& a : std::get<PartitionFault>(fault).groups) {
      for (const std::string& b : std::get<PartitionFault>(fault).groups) {
        if (a != b && CutsEdge(a, b, from, to)) return true;
      }
    }
    return false;
  }

  const RandomCase& made_;
};

TEST_F(CompilePropertyTest, PredictionEqualsTheOracle) {
  ForEveryWorld([](const World& world) {
    const Oracle oracle(world);
    for (const Stage& stage : StagesOf(world.compiled.timelines.front())) {
      ForEveryPair(world, [&](const End& from, const End& to) {
        ASSERT_EQ(world.Reaches(from, to, stage.active), oracle.Reaches(from, to, stage.active))
            << stage.name << ": " << from.address.ToString() << " to " << to.address.ToString();
      });
    }
  });
}

TEST_F(CompilePropertyTest, EveryTimelineIsOneThatAgentsAccept) {
  ForEveryWorld([](const World& world) {
    for (const Timeline& timeline : world.compiled.timelines) {
      const absl::Status status = CheckTimeline(timeline);
      ASSERT_TRUE(status.ok()) << status;
    }
  });
}

TEST_F(CompilePropertyTest, NobodyIsCutFromItself) {
  ForEveryWorld([](const World& world) {
    for (const Stage& stage : StagesOf(world.compiled.timelines.front())) {
      ForEveryPair(world, [&](const End& from, const End& to) {
        if (from.node == nullptr || from.node != to.node) return;
        ASSERT_TRUE(world.Reaches(from, to, stage.active));
      });
    }
  });
}

// Nor would the rules alone cut an address from itself, were its packets to pass an interface.
TEST_F(CompilePropertyTest, NoRuleDropsAnAddressesOwnPackets) {
  ForEveryWorld([](const World& world) {
    for (const Stage& stage : StagesOf(world.compiled.timelines.front())) {
      for (const End& end : world.ends) {
        ASSERT_TRUE(Reaches(end.timeline, end.address, nullptr, end.address, stage.active));
        ASSERT_TRUE(Reaches(nullptr, end.address, end.timeline, end.address, stage.active));
      }
    }
  });
}

TEST_F(CompilePropertyTest, OneWayIsOneWay) {
  ForEveryWorld([](const World& world) {
    const Oracle oracle(world);
    for (StepIndex step = 0; step < world.made.plan.steps.size(); ++step) {
      const auto* block = std::get_if<BlockFault>(&world.made.plan.steps[step].fault);
      if (block == nullptr) continue;
      ForEveryPair(world, [&](const End& from, const End& to) {
        if (oracle.InGroup(block->to, from) && oracle.InGroup(block->from, to)) {
          ASSERT_TRUE(world.Reaches(from, to, {step}));
        }
      });
    }
  });
}

TEST_F(CompilePropertyTest, APartitionIsSymmetricBetweenNodes) {
  ForEveryWorld([](const World& world) {
    for (StepIndex step = 0; step < world.made.plan.steps.size(); ++step) {
      if (!std::holds_alternative<PartitionFault>(world.made.plan.steps[step].fault)) continue;
      ForEveryPair(world, [&](const End& from, const End& to) {
        if (from.node == nullptr || to.node == nullptr) return;
        ASSERT_EQ(world.Reaches(from, to, {step}), world.Reaches(to, from, {step}));
      });
    }
  });
}

TEST_F(CompilePropertyTest, BeforeAndAfterEveryoneReachesEveryone) {
  ForEveryWorld([](const World& world) {
    const std::vector<Stage> stages = StagesOf(world.compiled.timelines.front());
    ASSERT_EQ(stages.front().name, "baseline");
    ASSERT_EQ(stages.back().name, "healed");
    for (const Stage& stage : {stages.front(), stages.back()}) {
      ForEveryPair(world, [&](const End& from, const End& to) { ASSERT_TRUE(world.Reaches(from, to, stage.active)); });
    }
    for (const Step& step : world.compiled.timelines.front().steps) ASSERT_LE(step.end(), stages.back().start);
  });
}

std::string BytesOf(const Compiled& compiled) {
  std::string bytes;
  for (const Timeline& timeline : compiled.timelines) bytes += EncodeTimeline(timeline).SerializeAsString();
  return bytes;
}

TEST_F(CompilePropertyTest, TheSamePlanGivesTheSameBytes) {
  std::mt19937 random(1);
  ForEveryWorld([&random](const World& world) {
    Inventory shuffled = world.made.inventory;
    std::shuffle(shuffled.nodes.begin(), shuffled.nodes.end(), random);
    const Compiled again = CompilePlan(world.made.plan, shuffled, Options());
    ASSERT_EQ(BytesOf(again), BytesOf(world.compiled));
    ASSERT_EQ(again.warnings, world.compiled.warnings);
  });
}

TEST_F(CompilePropertyTest, EveryTimelineSurvivesTheWire) {
  ForEveryWorld([](const World& world) {
    for (const Timeline& timeline : world.compiled.timelines) {
      const absl::StatusOr<Timeline> read = DecodeTimeline(EncodeTimeline(timeline));
      ASSERT_TRUE(read.ok()) << read.status();
      ASSERT_EQ(*read, timeline);
    }
  });
}

TEST_F(CompilePropertyTest, NoSetIsStoredTwice) {
  ForEveryWorld([](const World& world) {
    for (const Timeline& timeline : world.compiled.timelines) {
      std::vector<PrefixSet> sets = timeline.prefix_sets;
      std::sort(sets.begin(), sets.end());
      ASSERT_EQ(std::adjacent_find(sets.begin(), sets.end()), sets.end());
    }
  });
}

}  // namespace
}  // namespace faultline
