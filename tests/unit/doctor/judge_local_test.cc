#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/doctor/local_facts.h"
#include "tests/unit/doctor/samples.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

LocalFacts Facts() {
  LocalFacts facts;
  facts.config = AgentConfig();
  facts.config_file = "agent.yaml";
  facts.name = NodeName("lon-1");
  facts.agent = LocalAgent{.pid = 812, .status = LocalStatus{.controller = "c:7400", .connected = true, .steps = {}}};
  facts.kernel = StandingFaults();
  return facts;
}

StandingFaults OneRun() {
  StandingFaults faults;
  faults.runs = {{.id = RunId("split-1"), .interfaces = {"eth0"}, .steps = {}}};
  faults.tables = {"netdev faultline"};
  return faults;
}

TEST(JudgeLocalTest, EveryErrorOfTheConfigurationIsAFinding) {
  EXPECT_EQ(Of(JudgeConfig(Facts()), "config").detail, "agent.yaml: valid; node lon-1");
  LocalFacts facts = Facts();
  facts.config = absl::InvalidArgumentError("agent.yaml:1:1: unknown key\nagent.yaml:3:2: not a port");
  EXPECT_THAT(JudgeConfig(facts), SizeIs(2));
  EXPECT_EQ(JudgeConfig(facts)[1].detail, "agent.yaml:3:2: not a port");
  EXPECT_EQ(JudgeConfig(facts)[1].health, Health::kBad);
  EXPECT_THAT(WithoutMend(JudgeConfig(facts)), IsEmpty());
  facts.config = absl::NotFoundError("agent.yaml: No such file or directory");
  EXPECT_EQ(Of(JudgeConfig(facts), "config").detail, "agent.yaml is not there");
  EXPECT_TRUE(ParseAgentConfig("name: NAME", "agent.yaml").ok());
  EXPECT_THAT(Of(JudgeConfig(facts), "config").mend, HasSubstr("'name: NAME' is enough"));
  facts.config = absl::PermissionDeniedError("agent.yaml: Permission denied");
  EXPECT_EQ(Of(JudgeConfig(facts), "config").mend, "run this as root");
}

TEST(JudgeLocalTest, ANodeWithoutANameCannotTakePart) {
  LocalFacts facts = Facts();
  facts.name = absl::UnavailableError("ec2: {name: tag:Name}: answered with 503");
  EXPECT_EQ(Of(JudgeConfig(facts), "config").health, Health::kBad);
  EXPECT_THAT(Of(JudgeConfig(facts), "config").detail, HasSubstr("503"));
  EXPECT_THAT(WithoutMend(JudgeConfig(facts)), IsEmpty());
}

TEST(JudgeLocalTest, AnAgentThatHangsIsBad) {
  EXPECT_EQ(Of(JudgeAgent(Facts()), "agent").detail, "runs, process 812; connected to c:7400");
  LocalFacts facts = Facts();
  facts.agent->status->connected = false;
  EXPECT_EQ(Of(JudgeAgent(facts), "agent").health, Health::kWarning);
  facts.agent->status = absl::NotFoundError("none");
  EXPECT_EQ(Of(JudgeAgent(facts), "agent").mend, "systemctl enable --now faultline-agent");
  facts.agent->status = absl::PermissionDeniedError("connecting to agent.sock: Permission denied");
  EXPECT_EQ(Of(JudgeAgent(facts), "agent").health, Health::kWarning);
  EXPECT_EQ(Of(JudgeAgent(facts), "agent").mend, "run this as root");
  EXPECT_THAT(Of(JudgeAgent(facts), "agent").detail, HasSubstr("cannot be asked"));
  facts.agent->status = absl::DeadlineExceededError("it does not answer");
  EXPECT_EQ(Of(JudgeAgent(facts), "agent").health, Health::kBad);
  EXPECT_THAT(WithoutMend(JudgeAgent(facts)), IsEmpty());
}

TEST(JudgeLocalTest, PriorityIsOfAnAgentThatRuns) {
  LocalFacts facts = Facts();
  EXPECT_EQ(Of(JudgeAgent(facts), "priority").subject, "test");
  facts.real_time = true;
  EXPECT_THAT(Of(JudgeAgent(facts), "priority").detail, HasSubstr("on time on a busy machine"));
  facts.real_time = false;
  EXPECT_THAT(Of(JudgeAgent(facts), "priority").detail, HasSubstr("`faultline-agent realtime` mends that"));
}

TEST(JudgeLocalTest, ResidueIsWhatNoAgentKnowsOf) {
  LocalFacts facts = Facts();
  EXPECT_EQ(Of(JudgeAgent(facts), "residue").detail, "none: nothing of faultline is in this kernel");
  facts.kernel = OneRun();
  EXPECT_EQ(Of(JudgeAgent(facts), "residue").detail, "none; in progress: split-1");
  facts.agent->status = absl::NotFoundError("none");
  EXPECT_EQ(Of(JudgeAgent(facts), "residue").health, Health::kWarning);
  EXPECT_EQ(Of(JudgeAgent(facts), "residue").mend, "faultline-agent heal");
  // The running agent that looks at itself.
  facts.agent.reset();
  EXPECT_EQ(Of(JudgeAgent(facts), "residue").health, Health::kGood);
  facts.kernel = absl::PermissionDeniedError("no");
  EXPECT_EQ(Of(JudgeAgent(facts), "residue").mend, "run this as root");
}

TEST(JudgeLocalTest, WhomNoFaultCanHitIsListed) {
  LocalFacts facts = Facts();
  facts.resolvers = {*IpAddress::Parse("10.0.0.2")};
  facts.controller = {*IpAddress::Parse("198.18.0.10")};
  facts.ssm.emplace();
  EXPECT_THAT(Of(JudgeProtected(facts), "protected").detail,
              HasSubstr("controller 198.18.0.10; DNS 10.0.0.2; SSM, whose names do not resolve here"));
  facts.config->protect_dns = false;
  facts.ssm->push_back(*IpAddress::Parse("10.1.1.1"));
  EXPECT_THAT(Of(JudgeProtected(facts), "protected").detail, HasSubstr("controller 198.18.0.10; SSM 10.1.1.1"));
}

}  // namespace
}  // namespace faultline
