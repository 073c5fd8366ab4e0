#include "agent/node_status.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

LocalAgent Answering() {
  return {.pid = 812,
          .status = LocalStatus{.controller = "198.18.0.10:7400",
                                .connected = true,
                                .steps = {{RunId("split-1"), 0, "one-way"}, {RunId("split-1"), 1, "split"}}}};
}

StandingFaults Split() {
  StandingFaults faults;
  faults.tables = {"netdev faultline"};
  faults.devices = {"fl0"};
  faults.runs = {{.id = RunId("split-1"),
                  .interfaces = {"eth0", "eth1"},
                  .steps = {{.index = 0, .left = milliseconds(11'230)}, {.index = 1}}}};
  return faults;
}

TEST(NodeStatusTest, OfARunInForce) {
  EXPECT_EQ(StatusText({Answering(), Split()}),
            "agent: runs, process 812; connected to controller 198.18.0.10:7400\n"
            "run split-1 on eth0, eth1: heals by itself in 11.2 s, enforced by the kernel\n"
            "  step 0 one-way: heals by itself in 11.2 s, enforced by the kernel\n"
            "  step 1 split: not in force\n"
            "devices: fl0\n"
            "`faultline-agent heal` ends and removes all of it now\n");
}

TEST(NodeStatusTest, OfARunIsWhatItsLastStepIs) {
  StandingFaults faults = Split();
  faults.runs[0].steps[1].left = milliseconds(14'960);
  EXPECT_EQ(faults.runs[0].left(), milliseconds(14'960));
  faults.runs[0].steps = {{.index = 0}};
  EXPECT_EQ(faults.runs[0].left(), std::nullopt);
}

TEST(NodeStatusTest, OfNothing) {
  EXPECT_EQ(StatusText({{.pid = std::nullopt, .status = absl::NotFoundError("no agent")}, {}}),
            "agent: none runs\nnothing of faultline is in this kernel\n");
}

TEST(NodeStatusTest, OfAnAgentThatHangs) {
  const LocalAgent hangs{.pid = 812, .status = absl::DeadlineExceededError("the agent at /run does not answer")};
  EXPECT_THAT(StatusText({hangs, Split()}),
              ::testing::AllOf(HasSubstr("agent: hangs, process 812: the agent at /run does not answer\n"),
                               HasSubstr("  step 0: heals by itself in 11.2 s, enforced by the kernel\n")));
}

TEST(NodeStatusTest, OfWhatIsLeft) {
  StandingFaults left;
  left.devices = {"fl0", "fl0s"};
  EXPECT_EQ(StatusText({{.pid = std::nullopt, .status = absl::NotFoundError("no agent")}, left}),
            "agent: none runs\nwhat is left of an earlier run acts on nothing\ndevices: fl0, fl0s\n"
            "`faultline-agent heal` ends and removes all of it now\n");
}

TEST(NodeStatusTest, OfFiltersThatAreLeft) {
  StandingFaults left;
  left.detoured = {"eth0", "eth1"};
  EXPECT_THAT(StatusText({{.pid = std::nullopt, .status = absl::NotFoundError("no agent")}, left}),
              HasSubstr("filters at clsact: eth0, eth1\n`faultline-agent heal`"));
}

TEST(NodeStatusTest, AsJson) {
  google::protobuf::Struct root;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(StatusJson({Answering(), Split()}), &root).ok());
  const auto& agent = root.fields().at("agent").struct_value().fields();
  EXPECT_EQ(agent.at("state").string_value(), "answers");
  EXPECT_EQ(agent.at("pid").number_value(), 812);
  EXPECT_TRUE(agent.at("connected").bool_value());
  const auto& run = root.fields().at("runs").list_value().values(0).struct_value().fields();
  EXPECT_EQ(run.at("id").string_value(), "split-1");
  EXPECT_EQ(run.at("heals_within_seconds").number_value(), 11.23);
  const auto& steps = run.at("steps").list_value();
  ASSERT_EQ(steps.values_size(), 2);
  EXPECT_EQ(steps.values(0).struct_value().fields().at("name").string_value(), "one-way");
  EXPECT_FALSE(steps.values(1).struct_value().fields().at("in_force").bool_value());
  EXPECT_FALSE(steps.values(1).struct_value().fields().contains("heals_within_seconds"));
  EXPECT_EQ(root.fields().at("devices").list_value().values_size(), 1);
}

TEST(NodeStatusTest, AsJsonWithoutAnAgent) {
  const std::string json = StatusJson({{.pid = std::nullopt, .status = absl::NotFoundError("no agent")}, {}});
  EXPECT_THAT(json, HasSubstr("\"state\":\"absent\""));
  EXPECT_THAT(json, Not(HasSubstr("pid")));
}

}  // namespace
}  // namespace faultline
