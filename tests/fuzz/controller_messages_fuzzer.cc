// Any messages from a controller, in any order, while time passes: the agent's engine takes only timelines that its
// limits allow, and when the leases are over nothing is left in the kernel. And any probe meshes, bursts and ports to
// dial: what is taken is within its bounds.

#include <optional>

#include "agent/observe/observation_codec.h"
#include "agent/observe/tcp_codec.h"
#include "agent/timeline/engine.h"
#include "common/program/compose.h"
#include "common/timeline_codec.h"
#include "faultline/v1/agent_session.pb.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_kernel.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/require.h"

namespace faultline {
namespace {

class Silence : public EngineListener {
 public:
  void OnStep(const RunId&, const StepReport&) override {}
  void OnRunEnd(const RunId&, const RunReport&) override {}
  void OnForeignChange(const RunId&, std::optional<Duration>, const std::string&) override {}
};

class Bed {
 public:
  void Take(const Frame& frame) {
    if (frame.kind < 128) return Pass(frame.kind * std::chrono::milliseconds(50));
    v1::SessionResponse message;
    if (message.ParseFromArray(frame.bytes.data(), static_cast<int>(frame.bytes.size()))) Take(message);
  }

  void Finish() {
    Pass(kLongestLease + std::chrono::seconds(1));
    // Runs that go on without their controller are bounded by their own end alone.
    Pass(kLimits.max_duration + std::chrono::seconds(1));
    FAULTLINE_REQUIRE(engine_.Held().empty() && kernel_.InstalledRuns().empty());
  }

 private:
  void Take(const v1::SessionResponse& message) {
    switch (message.message_case()) {
      case v1::SessionResponse::kArm:
        return Arm(message.arm().timeline());
      case v1::SessionResponse::kFire: {
        const absl::StatusOr<Duration> t0 = DecodeDuration(message.fire().t0());
        if (t0.ok()) engine_.Fire(RunId(message.fire().run_id()), MonotonicTime(*t0)).IgnoreError();
        return;
      }
      case v1::SessionResponse::kProceed: {
        const absl::StatusOr<Duration> length = DecodeDuration(message.proceed().length());
        if (!length.ok()) return;
        engine_.Proceed(RunId(message.proceed().run_id()), message.proceed().hold(), *length).IgnoreError();
        return;
      }
      case v1::SessionResponse::kHeartbeat:
        for (const std::string& run : message.heartbeat().run_ids()) engine_.Renew(RunId(run), clock_.Now());
        return;
      case v1::SessionResponse::kRelease:
        engine_.End(RunId(message.release().run_id()), RunEnd::kReleased, message.release().reason()).IgnoreError();
        return;
      case v1::SessionResponse::kProbeConfig: {
        const absl::StatusOr<ProbeMesh> mesh = DecodeProbeMesh(message.probe_config());
        FAULTLINE_REQUIRE(mesh.ok() || absl::IsInvalidArgument(mesh.status()));
        return;
      }
      case v1::SessionResponse::kProbeBursts: {
        const absl::StatusOr<std::vector<ProbeBurst>> bursts = DecodeProbeBursts(message.probe_bursts());
        FAULTLINE_REQUIRE(bursts.ok() || absl::IsInvalidArgument(bursts.status()));
        return;
      }
      case v1::SessionResponse::kTcpProbeConfig: {
        const absl::StatusOr<TcpMesh> mesh = DecodeTcpMesh(message.tcp_probe_config());
        FAULTLINE_REQUIRE(mesh.ok() || absl::IsInvalidArgument(mesh.status()));
        return;
      }
      default:
        return;
    }
  }

  void Arm(const v1::Timeline& message) {
    const absl::StatusOr<Timeline> timeline = DecodeTimeline(message);
    if (!timeline.ok()) return;
    const absl::StatusOr<Program> program = Compose(*timeline, {.devices = {"eth0"}, .has = CapabilitySet::All()});
    if (!program.ok() || !engine_.Arm(*timeline, *program).ok()) return;
    FAULTLINE_REQUIRE(timeline->length <= kLimits.max_duration);
    FAULTLINE_REQUIRE(engine_.Held().size() <= kLimits.max_runs);
  }

  // By the engine's own deadlines; a flap may have very many.
  void Pass(Duration time) {
    const MonotonicTime until = clock_.Now() + time;
    for (int turns = 0; clock_.Now() < until; ++turns) {
      const std::optional<MonotonicTime> next = turns < 200 ? engine_.NextDeadline() : std::nullopt;
      clock_.Set(next && *next < until ? std::max(*next, clock_.Now()) : until);
      engine_.Advance();
      engine_.TidyUp();
    }
  }

  static constexpr Limits kLimits{};

  FakeClock clock_;
  FakeKernel kernel_{clock_};
  Silence listener_;
  Engine engine_{kernel_, clock_, listener_, kLimits};
};

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  faultline::FeedFrames(faultline::Bed(), data, size);
  return 0;
}
