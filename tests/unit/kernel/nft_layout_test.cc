// Which chains a program becomes, and which programs make no sense.

#include "common/program/nft_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "tests/support/matchers.h"
#include "tests/unit/kernel/programs.h"

namespace faultline {
namespace {

using testing::Delay;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::kFromParis;
using testing::kToParis;
using testing::Loss;
using testing::MakeProgram;
using testing::Rate;
using testing::StatusIs;

constexpr PacketFilter Connections(Connection connection) {
  PacketFilter filter;
  filter.connection = connection;
  return filter;
}

// "netdev r/s0/in drop at in": the table, the chain, what it does, and whose base chains lead to it.
std::vector<std::string> Describe(const Program& program) {
  static constexpr const char* kActions[] = {"drop", "reject", "swallow", "detour", "draw", "pass"};
  std::vector<std::string> texts;
  for (const StepChain& chain : LayOut(program)) {
    std::vector<std::string> places;
    for (const Place place : chain.places) places.emplace_back(InfoOf(place).suffix);
    texts.push_back(absl::StrCat(NameOf(chain.table()), " ", chain.name, " ",
                                 kActions[static_cast<std::size_t>(chain.action)], " at ",
                                 absl::StrJoin(places, " and ")));
  }
  return texts;
}

Program::StepRules BothWays(StepIndex index, Effect effect) {
  return {.index = index, .effect = std::move(effect), .incoming = {kFromParis}, .outgoing = {kToParis}};
}

TEST(NftLayoutTest, DropsAtTheInterfaces) {
  EXPECT_THAT(Describe(MakeProgram({BothWays(3, Drop())})),
              ElementsAre("netdev r/s3/in drop at in", "netdev r/s3/out swallow at out"));
}

TEST(NftLayoutTest, RejectsAboveTheInterface) {
  EXPECT_THAT(Describe(MakeProgram({BothWays(3, Reject())})),
              ElementsAre("inet r/s3/state reject at state", "inet r/s3/out reject at forward and output"));
}

TEST(NftLayoutTest, SelectsByConnectionAfterConnectionTracking) {
  for (const Connection connection : {Connection::kNew, Connection::kEstablished}) {
    Program program =
        MakeProgram({{.index = 0, .filter = Connections(connection), .incoming = {kFromParis}},
                     {.index = 1, .effect = Reject(), .filter = Connections(connection), .incoming = {kFromParis}}});
    EXPECT_THAT(Describe(program), ElementsAre("inet r/s0/state drop at state", "inet r/s1/state reject at state"));
  }
}

TEST(NftLayoutTest, ImpairsInPlacesOfItsOwn) {
  EXPECT_THAT(Describe(MakeProgram({BothWays(0, Delay(std::chrono::seconds(1)))})),
              ElementsAre("netdev r/s0/in detour at lane/in", "netdev r/s0/out detour at lane/out"));
}

TEST(NftLayoutTest, ByClsactWhatGoesOutIsChosenAfterRouting) {
  Program program = MakeProgram({BothWays(0, Drop()),
                                 BothWays(1, Delay(std::chrono::seconds(1))),
                                 {.index = 2, .effect = Reject(), .outgoing = {kToParis}}});
  program.egress_by_clsact = true;
  EXPECT_THAT(Describe(program), ElementsAre("netdev r/s0/in drop at in", "inet r/s0/out swallow at post",
                                             "netdev r/s1/in detour at lane/in", "inet r/s1/out detour at lane/post",
                                             "inet r/s2/out reject at forward and output"));
}

TEST(NftLayoutTest, LosesByRuleBehindALane) {
  Program program = MakeProgram({{.index = 2, .effect = Loss(Ratio::Percent(10)), .incoming = {kFromParis}}});
  program.steps[0].lane = LaneKind::kLossByRule;
  EXPECT_THAT(Describe(program), ElementsAre("netdev r/s2/in detour at lane/in", "inet r/s2/loss draw at loss"));
}

// Whatever another lane of the run has taken before is not drawn for.
TEST(NftLayoutTest, LanesBeforeALossByRulePassByIt) {
  Program program = MakeProgram({BothWays(0, Rate(1000)),
                                 {.index = 1, .effect = Loss(Ratio::Percent(10)), .incoming = {kFromParis}},
                                 BothWays(2, Rate(1000))});
  program.steps[0].lane = program.steps[2].lane = LaneKind::kRate;
  program.steps[1].lane = LaneKind::kLossByRule;
  EXPECT_THAT(Describe(program), ElementsAre("netdev r/s0/in detour at lane/in", "netdev r/s0/out detour at lane/out",
                                             "inet r/s0/loss pass at loss", "netdev r/s1/in detour at lane/in",
                                             "inet r/s1/loss draw at loss", "netdev r/s2/in detour at lane/in",
                                             "netdev r/s2/out detour at lane/out"));
}

TEST(NftLayoutTest, BlocksComeBeforeImpairmentsOnEachWay) {
  EXPECT_LT(InfoOf(Place::kBlockIn).priority, InfoOf(Place::kLaneIn).priority);
  EXPECT_LT(InfoOf(Place::kBlockOut).priority, InfoOf(Place::kLaneOut).priority);
  EXPECT_LT(InfoOf(Place::kBlockPost).priority, InfoOf(Place::kLanePost).priority);
  EXPECT_LT(InfoOf(Place::kLossIn).priority, InfoOf(Place::kStateIn).priority);
}

TEST(NftLayoutTest, AMatchWithoutACommonFamilyHasNoChain) {
  Program program = MakeProgram({{.index = 3, .incoming = {{.sources = 1, .destinations = 0}}}});
  program.prefix_sets[1] = testing::Set({"fd21::/48"});
  EXPECT_THAT(LayOut(program), IsEmpty());
}

TEST(CheckProgramTest, TakesWhatMakesSense) {
  EXPECT_THAT(CheckProgram(MakeProgram({BothWays(0, Drop()), BothWays(1, Delay(std::chrono::seconds(1)))})), IsOk());
}

TEST(CheckProgramTest, RefusesWhatDoesNot) {
  const auto refused = [](const char* why) { return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why)); };
  const Program good = MakeProgram({{.index = 3, .incoming = {kFromParis}}});
  Program program = good;
  program.run = RunId("a/b");
  EXPECT_THAT(CheckProgram(program), refused("run id"));
  program = good;
  program.devices.clear();
  EXPECT_THAT(CheckProgram(program), refused("no device"));
  program.devices = {"eth0", "lo"};
  EXPECT_THAT(CheckProgram(program), refused("loopback"));
  program = good;
  program.steps.push_back(program.steps[0]);
  EXPECT_THAT(CheckProgram(program), refused("step 3 comes twice"));
  program = good;
  program.steps[0].incoming[0].except_destinations = 9;
  EXPECT_THAT(CheckProgram(program), refused("step 3: prefix set 9 does not exist"));
  program.steps[0].incoming[0] = {.except_destinations = 0};
  EXPECT_THAT(CheckProgram(program), refused("neither sources nor destinations"));
  program = good;
  program.steps[0].filter.except_addresses = 4;
  EXPECT_THAT(CheckProgram(program), refused("step 3: prefix set 4 does not exist"));
  program = good;
  program.steps[0].filter.dscp = 64;
  EXPECT_THAT(CheckProgram(program), refused("step 3: dscp"));
}

TEST(CheckProgramTest, RefusesWhatNoKernelCanDo) {
  const auto refused = [](const char* why) { return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why)); };
  Program program = MakeProgram({BothWays(3, Drop())});
  program.steps[0].filter = Connections(Connection::kNew);
  EXPECT_THAT(CheckProgram(program), refused("not known at the sender"));
  program.steps[0] = {.index = 3,
                      .effect = Delay(std::chrono::seconds(1)),
                      .filter = Connections(Connection::kNew),
                      .incoming = {kFromParis}};
  EXPECT_THAT(CheckProgram(program), refused("cannot select by connection"));
  program = MakeProgram({BothWays(3, Loss(Ratio::Percent(1)))});
  program.steps[0].lane = LaneKind::kLossByRule;
  EXPECT_THAT(CheckProgram(program), refused("only packets that come in"));
  program.steps[0].outgoing.clear();
  EXPECT_THAT(CheckProgram(program), IsOk());
  program.steps[0].effect = Delay(std::chrono::seconds(1));
  EXPECT_THAT(CheckProgram(program), refused("lose packets at random"));
  program.steps[0].lane = LaneKind::kRate;
  EXPECT_THAT(CheckProgram(program), refused("limit the rate"));
}

TEST(CheckProgramTest, ARunHasAtMost64Lanes) {
  Program program = MakeProgram({});
  for (StepIndex i = 0; i < 32; ++i) program.steps.push_back(BothWays(i, Delay(std::chrono::seconds(1))));
  // Without a lane.
  program.steps.push_back(BothWays(32, Drop()));
  EXPECT_THAT(CheckProgram(program), IsOk());
  program.steps.push_back({.index = 33, .effect = Delay(std::chrono::seconds(1)), .incoming = {kFromParis}});
  EXPECT_THAT(CheckProgram(program), StatusIs(absl::StatusCode::kInvalidArgument,
                                              "it needs 65 lanes, one for each impairment and direction; a run can "
                                              "have at most 64 on one node"));
}

}  // namespace
}  // namespace faultline
