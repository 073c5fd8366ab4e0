#include "controller/report/client_doubts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::Capture& AddCapture(v1::Run& run, const std::string& name = "writes", int operations = 100) {
  v1::Capture& capture = *run.add_captures();
  capture.set_name(name);
  capture.set_moment("at the end");
  capture.mutable_operations()->set_operations(static_cast<std::uint64_t>(operations));
  return capture;
}

std::vector<std::string> DoubtsOf(const v1::Capture& capture) {
  v1::Run run;
  *run.add_captures() = capture;
  return ClientDoubtsOf(run);
}

TEST(ClientDoubtsTest, NamesWhatKeepsItFromBeingAll) {
  v1::Run run;
  v1::Capture capture = AddCapture(run);
  EXPECT_THAT(DoubtsOf(capture), IsEmpty());
  capture.set_exit_code(1);
  EXPECT_THAT(DoubtsOf(capture),
              ElementsAre("observation writes, at the end: exit code 1; what it told may not be all"));
  capture.set_exit_code(137);
  capture.set_timed_out(true);
  EXPECT_THAT(DoubtsOf(capture),
              ElementsAre("observation writes, at the end: its time ran out; what it told may not be all"));
  capture = AddCapture(run);
  capture.mutable_operations()->set_cut(true);
  EXPECT_THAT(DoubtsOf(capture), ElementsAre("observation writes, at the end: it printed more than the 64 MiB that are "
                                             "read; what it told may not be all"));
  capture = AddCapture(run, "writes", 0);
  EXPECT_THAT(DoubtsOf(capture), ElementsAre("observation writes, at the end: it told of nothing"));
  capture.set_exit_code(127);
  EXPECT_THAT(DoubtsOf(capture), ElementsAre("observation writes, at the end: exit code 127, it told of nothing"));
}

TEST(ClientDoubtsTest, TextIsNoneOfItsMatter) {
  v1::Run run;
  v1::Capture& capture = AddCapture(run);
  capture.clear_operations();
  capture.set_exit_code(1);
  EXPECT_THAT(ClientDoubtsOf(run), IsEmpty());
}

TEST(ClientDoubtsTest, EachObservationIsNamedOnce) {
  v1::Run run;
  for (int i = 0; i < 3; ++i) AddCapture(run).set_exit_code(i);
  AddCapture(run, "reads").set_exit_code(3);
  AddCapture(run).set_exit_code(4);
  EXPECT_THAT(ClientDoubtsOf(run),
              ElementsAre("observation writes, at the end: exit code 1; what it told may not be all (2 more of its "
                          "moments)",
                          "observation reads, at the end: exit code 3; what it told may not be all"));
}

}  // namespace
}  // namespace faultline
