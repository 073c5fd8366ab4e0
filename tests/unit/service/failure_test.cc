#include "common/service/failure.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "tests/support/datagrams.h"

namespace faultline {
namespace {

TEST(FailureTest, IsALineOnStandardError) {
  EXPECT_EQ(FailureText("faultline-agent", "a.yaml:1:1: no", false), "faultline-agent: a.yaml:1:1: no\n");
}

TEST(FailureTest, IsAnErrorToTheJournalLineByLine) {
  EXPECT_EQ(FailureText("faultline-agent", "one\ntwo", true), "<3>faultline-agent: one\n<3>two\n");
}

TEST(FailureTest, IsTheStatusThatTheServiceManagerShows) {
  const std::string address = "@faultline-failure-test-" + std::to_string(getpid());
  const testing::Datagrams manager(address);
  ASSERT_TRUE(manager.bound());
  const absl::StatusOr<ServiceNotifier> notifier = ServiceNotifier::Open(address);
  ASSERT_TRUE(notifier.ok()) << notifier.status();
  ::testing::internal::CaptureStderr();
  ReportFailure("faultline-agent", "one\ntwo", *notifier, false);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "faultline-agent: one\ntwo\n");
  EXPECT_EQ(manager.Next(), "STATUS=one; two");
}

}  // namespace
}  // namespace faultline
