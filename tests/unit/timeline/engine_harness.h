#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/timeline/engine.h"
#include "common/duration.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_kernel.h"
#include "tests/unit/timeline/timeline_samples.h"

namespace faultline {

// Writes what it hears as lines: "fired 0", "healed 0", "end completed".
class RecordingListener : public EngineListener {
 public:
  void OnStep(const RunId&, const StepReport& report) override {
    lines.push_back(absl::StrCat(report.fired ? "fired " : "healed ", report.step));
    steps.push_back(report);
  }
  void OnRunEnd(const RunId&, const RunReport& report) override {
    static const char* const kNames[] = {"completed", "released", "lease lost", "shutdown", "local heal", "failed"};
    lines.push_back(absl::StrCat("end ", kNames[static_cast<int>(report.end)]));
    ends.push_back(report);
  }
  void OnForeignChange(const RunId& run, std::optional<Duration> at, const std::string& text) override {
    lines.push_back(absl::StrCat("foreign ", run.text(), " ", at ? FormatDuration(*at) : "-", " ", text));
  }

  std::vector<std::string> lines;
  std::vector<StepReport> steps;
  std::vector<RunReport> ends;
};

// Every test ends with nothing of ours in the kernel.
class EngineTest : public ::testing::Test {
 protected:
  void TearDown() override {
    engine_.EndAll(RunEnd::kShutdown, "").IgnoreError();
    EXPECT_THAT(kernel_.InstalledRuns(), ::testing::IsEmpty());
  }

  void Arm(const Timeline& timeline) { ASSERT_TRUE(engine_.Arm(timeline, SampleProgram(timeline)).ok()); }

  void ArmAndFire(const Timeline& timeline) {
    Arm(timeline);
    t0_ = clock_.Now() + std::chrono::seconds(1);
    ASSERT_TRUE(engine_.Fire(timeline.run, t0_).ok());
  }

  // Moves the clock to `elapsed` after T0, waking the engine at its own deadlines only; the controller is heard of
  // every second while `heard`.
  void RunTo(Duration elapsed, bool heard = true) {
    const MonotonicTime target = t0_ + elapsed;
    MonotonicTime next_beat = clock_.Now() + std::chrono::seconds(1);
    while (true) {
      MonotonicTime next = target;
      if (const auto deadline = engine_.NextDeadline()) next = std::min(next, *deadline);
      if (heard) next = std::min(next, next_beat);
      clock_.Set(std::max(next, clock_.Now()));
      if (heard && clock_.Now() >= next_beat) {
        for (const RunId& run : engine_.Held()) engine_.Renew(run, clock_.Now());
        next_beat += std::chrono::seconds(1);
      }
      engine_.Advance();
      engine_.TidyUp();
      if (clock_.Now() >= target) return;
    }
  }

  std::vector<StepIndex> Acting() const { return kernel_.ActiveSteps(run_); }

  const RunId run_{"split-1"};
  FakeClock clock_;
  FakeKernel kernel_{clock_};
  RecordingListener listener_;
  Engine engine_{kernel_, clock_, listener_, Limits{}};
  MonotonicTime t0_;
};

}  // namespace faultline
