#include "tests/fleet/quiet_agent.h"

#include <algorithm>
#include <utility>

#include "agent/session/messages.h"
#include "agent/timeline/engine.h"
#include "common/rpc/status.h"
#include "common/timeline_codec.h"

namespace faultline::testing {

QuietAgent::QuietAgent(std::shared_ptr<grpc::Channel> channel, const v1::NodeInfo& node, Milestones& milestones,
                       const Clock& clock)
    : milestones_(milestones),
      clock_(clock),
      stub_(v1::AgentSessionService::NewStub(std::move(channel))),
      rhythm_(clock.Now()) {
  stub_->async()->Session(&context_, this);
  StartRead(&response_);
  v1::SessionRequest hello;
  *hello.mutable_hello()->mutable_node() = node;
  {
    const std::lock_guard lock(mutex_);
    Queue(std::move(hello));
  }
  StartCall();
}

QuietAgent::~QuietAgent() {
  context_.TryCancel();
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return done_; });
}

absl::Status QuietAgent::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void QuietAgent::OnReadDone(bool ok) {
  const MonotonicTime now = clock_.Now();
  {
    const std::lock_guard lock(mutex_);
    reading_ = ok;
    if (ok) Handle(response_, now);
  }
  if (ok) StartRead(&response_);
}

void QuietAgent::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  outbox_.pop_front();
  if (ok) StartNextWrite();
}

void QuietAgent::OnDone(const grpc::Status& status) {
  milestones_.Pass(Milestone::kLost, clock_.Now());
  const std::lock_guard lock(mutex_);
  done_ = true;
  status_ = status.ok() ? absl::UnavailableError("the session ended") : FromGrpc(status);
  ended_.notify_all();
}

void QuietAgent::Queue(v1::SessionRequest message) {
  outbox_.push_back(std::move(message));
  StartNextWrite();
}

void QuietAgent::StartNextWrite() {
  // While a read is under way the call cannot be over.
  if (writing_ || outbox_.empty() || !reading_) return;
  writing_ = true;
  StartWrite(&outbox_.front());
}

void QuietAgent::Handle(const v1::SessionResponse& message, MonotonicTime at) {
  rhythm_.Hear(WordOf(message), at);
  rhythm_.Handled();
  switch (message.message_case()) {
    case v1::SessionResponse::kWelcome:
      rhythm_.Begin(DecodeDuration(message.welcome().heartbeat_interval()).value_or(Duration(0)), at);
      rhythm_.Pause(DecodeDuration(message.welcome().pause()).value_or(Duration(0)));
      milestones_.Pass(Milestone::kWelcomed, at);
      return;
    case v1::SessionResponse::kClockPong: {
      const auto sent = DecodeTime(message.clock_pong().agent_sent());
      const auto received = DecodeControllerTime(message.clock_pong().controller_received());
      const auto answered = DecodeControllerTime(message.clock_pong().controller_sent());
      if (sent.ok() && received.ok() && answered.ok()) clock_map_.Add(*sent, *received, *answered, at);
      rhythm_.Pause(DecodeDuration(message.clock_pong().pause()).value_or(Duration(0)));
      return;
    }
    case v1::SessionResponse::kArm:
      return HandleArm(message.arm());
    case v1::SessionResponse::kFire: {
      const absl::StatusOr<ControllerTime> t0 = DecodeControllerTime(message.fire().t0());
      if (!run_ || !t0.ok()) return;
      run_->t0 = *t0;
      milestones_.Pass(Milestone::kFired, at);
      return;
    }
    case v1::SessionResponse::kRelease:
      return HandleRelease(message.release(), at);
    default:
      return;
  }
}

void QuietAgent::HandleArm(const v1::Arm& arm) {
  absl::StatusOr<Timeline> timeline = DecodeTimeline(arm.timeline());
  const RunId run(arm.timeline().run_id());
  if (!timeline.ok()) return Queue(EncodeRefused(run, timeline.status().message()));
  run_ = Run{.timeline = *std::move(timeline)};
  milestones_.Pass(Milestone::kArmed, clock_.Now());
  rhythm_.Quicken();
  if (rhythm_.TakePing(clock_.Now())) Ping();
  Queue(EncodeArmed(run, Duration(0), /*holds=*/0));
}

void QuietAgent::HandleRelease(const v1::Release& release, MonotonicTime at) {
  const RunId run(release.run_id());
  if (!run_ || run_->timeline.run != run) return Queue(EncodeUnknownRun(run));
  run_.reset();
  milestones_.Pass(Milestone::kReleased, at);
  Queue(EncodeRunEnd(run, {.end = RunEnd::kReleased, .detail = release.reason(), .at = Duration(0), .counters = {}}));
}

void QuietAgent::Turn(MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  if (!reading_) return;
  if (now >= rhythm_.Next()) {
    if (rhythm_.TakePing(now)) Ping();
    if (rhythm_.TakeReport(now) && rhythm_.IsBrisk(now)) Report();
  }
  const std::optional<ControllerTime> there = clock_map_.ToController(now);
  if (there && run_ && run_->t0) TellSteps(*there);
}

void QuietAgent::Ping() {
  v1::SessionRequest message;
  v1::ClockPing& ping = *message.mutable_clock_ping();
  if (const auto round_trip = clock_map_.RoundTrip()) *ping.mutable_best_round_trip() = EncodeDuration(*round_trip);
  *ping.mutable_agent_sent() = EncodeTime(clock_.Now());
  Queue(std::move(message));
}

void QuietAgent::Report() {
  const std::optional<ControllerTime> until = clock_map_.ToController(clock_.Now());
  if (!until) return;
  v1::SessionRequest message;
  message.mutable_observation()->set_number(++reports_);
  *message.mutable_observation()->mutable_until() = EncodeDuration(until->time_since_epoch());
  Queue(std::move(message));
}

void QuietAgent::TellSteps(ControllerTime now) {
  Run& run = *run_;
  const Duration elapsed = now - *run.t0;
  const auto passed = [&](Duration moment) { return run.told < moment && moment <= elapsed; };
  for (const Step& step : run.timeline.steps) {
    for (const bool fired : {true, false}) {
      const Duration moment = fired ? step.at : step.end();
      if (!passed(moment)) continue;
      Queue(EncodeStep(
          run.timeline.run,
          {.step = step.index, .fired = fired, .planned = moment, .actual = moment, .kernel_time = Duration(0)}));
    }
  }
  if (passed(run.timeline.length)) {
    Queue(EncodeRunEnd(run.timeline.run,
                       {.end = RunEnd::kCompleted, .detail = "", .at = run.timeline.length, .counters = {}}));
    run_.reset();
    return;
  }
  run.told = elapsed;
}

}  // namespace faultline::testing
