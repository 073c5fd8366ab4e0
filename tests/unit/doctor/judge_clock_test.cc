#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/doctor/clock_facts.h"
#include "tests/unit/doctor/samples.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(JudgeClockTest, AClockThatIsKeptRightIsWell) {
  const ClockFacts facts = {
      .discipline = ClockFacts::Discipline{.synchronised = true, .most_error = std::chrono::milliseconds(3)},
      .source = "kvm-clock",
      .ptp = {"ptp0"},
      .chrony = true,
      .platform = {}};
  const Examination findings = JudgeClock(facts);
  EXPECT_EQ(WorstOf(findings), Health::kGood);
  EXPECT_EQ(Of(findings, "clock").detail, "synchronised by chronyd, at most 3ms off");
  EXPECT_EQ(Of(findings, "clock-source").detail, "kvm-clock; PTP: ptp0");
}

TEST(JudgeClockTest, OneThatNobodyKeepsRightIsToldOfWithThePackage) {
  const char* const mends[] = {"dnf install chrony; systemctl enable --now chronyd",
                               "apt install chrony; systemctl enable --now chrony",
                               "apt install chrony",
                               "apt install chrony",
                               "dnf install chrony",
                               "install and start chrony"};
  for (std::size_t i = 0; i < Platforms().size(); ++i) {
    const ClockFacts facts = {
        .discipline = ClockFacts::Discipline(), .source = "tsc", .ptp = {}, .platform = Platforms()[i]};
    EXPECT_EQ(Of(JudgeClock(facts), "clock").health, Health::kWarning);
    EXPECT_THAT(Of(JudgeClock(facts), "clock").mend, HasSubstr(mends[i]));
  }
}

TEST(JudgeClockTest, SlowSourcesAreToldOfAndWhatMayNotBeAskedIsLeftOut) {
  const ClockFacts facts = {.discipline = std::nullopt, .source = "acpi_pm", .ptp = {}, .platform = {}};
  EXPECT_EQ(Of(JudgeClock(facts), "clock-source").health, Health::kWarning);
  EXPECT_EQ(Of(JudgeClock(facts), "clock").subject, "test");
  EXPECT_THAT(WithoutMend(JudgeClock(facts)), IsEmpty());
}

}  // namespace
}  // namespace faultline
