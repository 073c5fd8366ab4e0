#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/doctor/controller_facts.h"
#include "tests/unit/doctor/samples.h"

namespace faultline {
namespace {

using std::chrono::hours;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ControllerFacts Reached() {
  ControllerFacts facts;
  facts.address = "c.example:7400";
  facts.resolved = std::vector<IpAddress>{*IpAddress::Parse("198.18.0.10")};
  facts.connected = absl::OkStatus();
  facts.tls = TrialContact();
  facts.files.certificate = "node.crt";
  return facts;
}

TEST(JudgeControllerTest, OneThatIsReachedAndBelievesIsWell) {
  EXPECT_EQ(WorstOf(JudgeController(Reached())), Health::kGood);
  ControllerFacts plain = Reached();
  plain.tls.reset();
  EXPECT_EQ(Of(JudgeController(plain), "tls").detail, "not used");
}

TEST(JudgeControllerTest, WhereTheWayEndsIsSaidAndNothingBeyond) {
  ControllerFacts facts = Reached();
  facts.connected = absl::UnavailableError("198.18.0.10:7400: Connection refused");
  EXPECT_EQ(JudgeController(facts).size(), 1U);
  EXPECT_EQ(Of(JudgeController(facts), "controller").detail, "198.18.0.10:7400: Connection refused");
  EXPECT_THAT(WithoutMend(JudgeController(facts)), IsEmpty());
  facts.resolved = absl::NotFoundError("'c.example' does not resolve");
  EXPECT_THAT(Of(JudgeController(facts), "controller").mend, HasSubstr("/etc/resolv.conf"));
  facts.resolved = absl::InvalidArgumentError("'c' is not an address");
  EXPECT_EQ(Of(JudgeController(facts), "controller").mend, "mend 'controller' in the configuration");
}

TEST(JudgeControllerTest, ANodeThatIsNotEnrolledIsToldHowTo) {
  AgentConfig config;
  config.tls.certificate = ::testing::TempDir() + "/nowhere/node.crt";
  const Finding none = Of(JudgeController(ReadControllerFacts(config, /*insecure=*/false)), "controller");
  EXPECT_EQ(none.health, Health::kBad);
  EXPECT_THAT(none.detail, HasSubstr("/nowhere/controller, which `faultline-agent enroll` makes"));
  EXPECT_THAT(none.mend, HasSubstr("faultline-agent enroll --controller"));
  ControllerFacts unreadable;
  unreadable.resolved = absl::PermissionDeniedError("controller: Permission denied");
  EXPECT_EQ(Of(JudgeController(unreadable), "controller").mend, "run this as root");
}

TEST(JudgeControllerTest, EveryTroubleWithTlsHasAMend) {
  for (const TlsTrouble trouble : {TlsTrouble::kFiles, TlsTrouble::kNoTls, TlsTrouble::kStranger, TlsTrouble::kEnded,
                                   TlsTrouble::kNotBegun, TlsTrouble::kWrongName, TlsTrouble::kRefused}) {
    ControllerFacts facts = Reached();
    facts.tls = TrialContact{trouble, "why"};
    EXPECT_EQ(Of(JudgeController(facts), "tls").health, Health::kBad);
    EXPECT_EQ(Of(JudgeController(facts), "tls").detail, "why");
    EXPECT_THAT(WithoutMend(JudgeController(facts)), IsEmpty());
  }
}

TEST(JudgeCertificateTest, OneThatShouldHaveBeenRenewedIsToldOf) {
  ControllerFacts facts = Reached();
  EXPECT_THAT(JudgeCertificate(facts), IsEmpty());
  facts.begins = WallTime(hours(0));
  facts.ends = WallTime(hours(2400));
  facts.now = WallTime(hours(1200));
  EXPECT_EQ(Of(JudgeCertificate(facts), "certificate").detail, "ends in 50 days, at 1970-04-11 00:00 UTC");
  facts.now = WallTime(hours(2400 - 401));
  EXPECT_EQ(WorstOf(JudgeCertificate(facts)), Health::kGood);
  facts.now = WallTime(hours(2400 - 399));
  EXPECT_EQ(WorstOf(JudgeCertificate(facts)), Health::kWarning);
  facts.now = WallTime(hours(2400));
  EXPECT_EQ(WorstOf(JudgeCertificate(facts)), Health::kBad);
  EXPECT_THAT(WithoutMend(JudgeCertificate(facts)), IsEmpty());
}

}  // namespace
}  // namespace faultline
