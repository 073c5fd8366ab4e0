#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <random>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"
#include "controller/compile/compiler.h"
#include "controller/compile/drain.h"
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

  // How these steps, looked at by one moment's probes, treat packets.
  Prediction Predict(const End& from, const End& to, const std::vector<StepIndex>& active, Duration time) const {
    const Stage stage = {.name = "s", .start = time, .end = time, .active = active};
    return faultline::Predict(from.timeline, to.timeline, PacketOfProbe(from.address, to.address, 7401), stage);
  }
  Prediction Predict(const End& from, const End& to, const Stage& stage) const {
    return faultline::Predict(from.timeline, to.timeline, PacketOfProbe(from.address, to.address, 7401), stage);
  }
};

void ForEveryPair(const World& world, const std::function<void(const End&, const End&)>& check) {
  for (const End& from : world.ends) {
    for (const End& to : world.ends) {
      if (from.address.family() == to.address.family()) check(from, to);
    }
  }
}

class CompilePropertyTest : public ::testing::Test {
 protected:
  // Runs `check` on every one of 200 random worlds that compile; enough of them must.
  void ForEveryWorld(const std::function<void(const World&)>& check) {
    int worlds = 0;
    for (std::uint32_t seed = 1; seed <= 200 && !HasFatalFailure(); ++seed) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed);
      World world;
      world.made = MakeRandomCase(seed);
      world.compiled = CompilePlan(world.made.plan, world.made.inventory, Options());
      if (!world.compiled.errors.empty()) continue;
      ++worlds;
      AddEnds(world);
      check(world);
    }
    EXPECT_GT(worlds, 50);
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

// Straight from the words of the plan: who is in a group, who can act, and what is on at a moment.
class Oracle {
 public:
  explicit Oracle(const World& world) : world_(world), made_(world.made) {}

  struct Fate {
    double arrives = 1;
    Duration delay{0};
    bool unseen = false;
  };

  Fate FateOf(const End& from, const End& to, const std::vector<StepIndex>& active, Duration time) const {
    Fate fate;
    if (from.node != nullptr && from.node == to.node) return fate;
    std::optional<std::pair<Duration, StepIndex>> strongest;
    bool blocked = false;
    for (const StepIndex index : active) {
      const PlanStep& step = made_.plan.steps[index];
      if (!Concerns(index, from, to)) continue;
      if (!made_.covers_probes[index] || Spared(step, from, to)) {
        fate.unseen = true;
      } else if (!IsOn(index, time)) {
        continue;
      } else if (!std::holds_alternative<Impairment>(step.effect)) {
        blocked = true;
      } else {
        strongest = std::max(strongest.value_or(std::pair(step.at, index)), std::pair(step.at, index));
      }
    }
    if (blocked) {
      fate.arrives = 0;
    } else if (strongest) {
      const Impairment impairment = InForce(strongest->second, time);
      fate.arrives = 1 - impairment.loss.AsDouble();
      if (fate.arrives > 0) fate.delay = impairment.delay;
    }
    return fate;
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

  // Whether the step is about packets from here to there, and somebody is there to act.
  bool Concerns(StepIndex index, const End& from, const End& to) const {
    const PlanStep& step = made_.plan.steps[index];
    if (const auto* one_way = std::get_if<OneWay>(&step.ends)) {
      return ConcernsEdge(step, one_way->from, one_way->to, from, to);
    }
    if (const auto* isolate = std::get_if<Isolate>(&step.ends)) {
      return SomebodyActs(step, from, to) && (Crosses(*isolate, from, to) || Crosses(*isolate, to, from));
    }
    for (const std::string& a : std::get<Between>(step.ends).groups) {
      for (const std::string& b : std::get<Between>(step.ends).groups) {
        if (a != b && ConcernsEdge(step, a, b, from, to)) return true;
      }
    }
    return false;
  }

  bool ConcernsEdge(const PlanStep& step, const std::string& a, const std::string& b, const End& from,
                    const End& to) const {
    return InGroup(a, from) && InGroup(b, to) && SomebodyActs(step, from, to);
  }

  bool Crosses(const Isolate& isolate, const End& inside, const End& outside) const {
    return InGroup(isolate.group, inside) && !InGroup(isolate.group, outside) &&
           (!isolate.from || InGroup(*isolate.from, outside));
  }

  static bool SomebodyActs(const PlanStep& step, const End& from, const End& to) {
    return to.node != nullptr || (from.node != nullptr && CanSend(step, *from.node));
  }

  // In this fleet nodes lack nothing else that a sender needs.
  static bool CanSend(const PlanStep& step, const InventoryNode& node) {
    if (std::holds_alternative<Reject>(step.effect)) return node.has.Has(Capability::kRejectOutgoing);
    return node.has.Has(SenderHook(node.has)) &&
           (std::holds_alternative<Drop>(step.effect) || node.has.Has(Capability::kNetem));
  }

  static bool Spared(const PlanStep& step, const End& from, const End& to) {
    return step.exclude.Contains(from.address) || step.exclude.Contains(to.address);
  }

  bool IsOn(StepIndex index, Duration time) const {
    const PlanStep& step = made_.plan.steps[index];
    if (!step.flap) return true;
    return FlapPhaseAt(*step.flap, StepSeed(world_.compiled.timelines.front(), index), time - step.at).down;
  }

  Impairment InForce(StepIndex index, Duration time) const {
    const PlanStep& step = made_.plan.steps[index];
    const auto& impairment = std::get<Impairment>(step.effect);
    return step.ramp ? RampValue(impairment, *step.ramp, RampPosition(*step.ramp, time - step.at)) : impairment;
  }

  const World& world_;
  const RandomCase& made_;
};

TEST_F(CompilePropertyTest, PredictionEqualsTheOracle) {
  std::mt19937 random(5);
  ForEveryWorld([&random](const World& world) {
    const Oracle oracle(world);
    for (const Stage& stage : StagesOf(world.compiled.timelines.front())) {
      Forecasts forecasts(stage.start, stage.end);
      const Duration time = stage.start + (stage.end - stage.start) * static_cast<int>(random() % 1'000) / 1'000;
      ForEveryPair(world, [&](const End& from, const End& to) {
        Acting acting;
        AddActing({.sender = from.timeline, .receiver = to.timeline}, PacketOfProbe(from.address, to.address, 7401),
                  stage.active, acting);
        const Prediction prediction = forecasts.Of(acting).Over(time, time);
        const Oracle::Fate fate = oracle.FateOf(from, to, stage.active, time);
        const auto where = [&] {
          return absl::StrCat(stage.name, ": ", from.address.ToString(), " to ", to.address.ToString());
        };
        ASSERT_NEAR(prediction.arrives, fate.arrives, 1e-6) << where();
        ASSERT_NEAR(static_cast<double>((prediction.delay - fate.delay).count()), 0, 1000) << where();
        ASSERT_EQ(prediction.unseen, fate.unseen) << where();
      });
    }
  });
}

// The mean over a stage is that of its moments, each by itself.
TEST_F(CompilePropertyTest, AStagesPredictionIsTheMeanOfItsMoments) {
  std::mt19937 random(6);
  ForEveryWorld([&random](const World& world) {
    const Oracle oracle(world);
    for (const Stage& stage : StagesOf(world.compiled.timelines.front())) {
      if (stage.active.empty() || stage.end - stage.start < std::chrono::seconds(1)) continue;
      const End& from = world.ends[random() % world.ends.size()];
      const End& to = world.ends[random() % world.ends.size()];
      if (from.address.family() != to.address.family()) continue;
      double arrived = 0;
      double delayed = 0;
      constexpr int kMoments = 1'000;
      for (int i = 0; i < kMoments; ++i) {
        const Duration time = stage.start + (stage.end - stage.start) * (2 * i + 1) / (2 * kMoments);
        const Oracle::Fate fate = oracle.FateOf(from, to, stage.active, time);
        arrived += fate.arrives;
        delayed += fate.arrives * static_cast<double>(fate.delay.count());
      }
      const Prediction prediction = world.Predict(from, to, stage);
      ASSERT_NEAR(prediction.arrives, arrived / kMoments, 0.01);
      if (arrived < 0.1 * kMoments) continue;
      ASSERT_NEAR(static_cast<double>(prediction.delay.count()) / 1e6, delayed / arrived / 1e6, 5);
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

TEST_F(CompilePropertyTest, NothingHappensBetweenANodeAndItself) {
  ForEveryWorld([](const World& world) {
    for (const Stage& stage : StagesOf(world.compiled.timelines.front())) {
      ForEveryPair(world, [&](const End& from, const End& to) {
        if (from.node == nullptr || from.node != to.node) return;
        ASSERT_EQ(world.Predict(from, to, stage), Prediction());
      });
    }
  });
}

// Nor would the rules alone act between an address and itself, were its packets to pass an interface.
TEST_F(CompilePropertyTest, NoRuleActsOnAnAddressesOwnPackets) {
  ForEveryWorld([](const World& world) {
    for (const Stage& stage : StagesOf(world.compiled.timelines.front())) {
      for (const End& end : world.ends) {
        const Packet packet = PacketOfProbe(end.address, end.address, 7401);
        ASSERT_EQ(Predict(end.timeline, nullptr, packet, stage), Prediction());
        ASSERT_EQ(Predict(nullptr, end.timeline, packet, stage), Prediction());
      }
    }
  });
}

TEST_F(CompilePropertyTest, OneWayIsOneWay) {
  ForEveryWorld([](const World& world) {
    const Oracle oracle(world);
    for (StepIndex index = 0; index < world.made.plan.steps.size(); ++index) {
      const PlanStep& step = world.made.plan.steps[index];
      const auto* one_way = std::get_if<OneWay>(&step.ends);
      if (one_way == nullptr) continue;
      ForEveryPair(world, [&](const End& from, const End& to) {
        if (oracle.InGroup(one_way->to, from) && oracle.InGroup(one_way->from, to)) {
          ASSERT_EQ(world.Predict(from, to, {index}, step.at), Prediction());
        }
      });
    }
  });
}

TEST_F(CompilePropertyTest, BetweenIsSymmetricBetweenNodes) {
  ForEveryWorld([](const World& world) {
    for (StepIndex index = 0; index < world.made.plan.steps.size(); ++index) {
      const PlanStep& step = world.made.plan.steps[index];
      if (!std::holds_alternative<Between>(step.ends)) continue;
      ForEveryPair(world, [&](const End& from, const End& to) {
        if (from.node == nullptr || to.node == nullptr) return;
        ASSERT_EQ(world.Predict(from, to, {index}, step.at), world.Predict(to, from, {index}, step.at));
      });
    }
  });
}

// The run goes on until what waits in lanes has come out, within reason.
TEST_F(CompilePropertyTest, LanesDrainBeforeTheRunEnds) {
  ForEveryWorld([](const World& world) {
    const Timeline& timeline = world.compiled.timelines.front();
    for (const Step& step : timeline.steps) {
      const Duration drain = DrainTime(step, Duration(0), step.length);
      ASSERT_GE(timeline.length, step.end() + std::min(drain, world.made.plan.cooldown + kMostDrain));
      ASSERT_GE(timeline.length, step.end() + world.made.plan.cooldown);
    }
  });
}

TEST_F(CompilePropertyTest, BeforeAndAfterEveryoneReachesEveryone) {
  ForEveryWorld([](const World& world) {
    const std::vector<Stage> stages = StagesOf(world.compiled.timelines.front());
    ASSERT_EQ(stages.front().name, "baseline");
    ASSERT_EQ(stages.back().name, "healed");
    for (const Stage& stage : {stages.front(), stages.back()}) {
      ForEveryPair(world,
                   [&](const End& from, const End& to) { ASSERT_EQ(world.Predict(from, to, stage), Prediction()); });
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
