// The reading side of a session: what the controller says.
#include "absl/strings/str_cat.h"
#include "agent/observe/observation_codec.h"
#include "agent/observe/tcp_codec.h"
#include "agent/session/messages.h"
#include "agent/session/peer.h"
#include "agent/session/session.h"
#include "common/duration.h"
#include "common/log/log.h"
#include "common/program/compose.h"
#include "common/status.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

void WarnOfNonsense(const absl::Status& status) {
  LogWarning(absl::StrCat("the controller's message makes no sense: ", status.message()));
}

}  // namespace

void Session::Handle(const v1::SessionResponse& message) {
  const MonotonicTime arrived = clock_.Now();
  if (rhythm_->Hear(WordOf(message), arrived)) Wake();
  switch (message.message_case()) {
    case v1::SessionResponse::kWelcome:
      return HandleWelcome(message.welcome());
    case v1::SessionResponse::kClockPong: {
      const auto sent = DecodeTime(message.clock_pong().agent_sent());
      const auto received = DecodeControllerTime(message.clock_pong().controller_received());
      const auto answered = DecodeControllerTime(message.clock_pong().controller_sent());
      if (sent.ok() && received.ok() && answered.ok()) clock_map_.Add(*sent, *received, *answered, arrived);
      rhythm_->Pause(DecodeDuration(message.clock_pong().pause()).value_or(Duration(0)));
      return;
    }
    case v1::SessionResponse::kHeartbeat:
      return HandleHeartbeat(message.heartbeat());
    case v1::SessionResponse::kArm:
      return HandleArm(message.arm());
    case v1::SessionResponse::kFire:
      return HandleFire(message.fire());
    case v1::SessionResponse::kProceed:
      return HandleProceed(message.proceed());
    case v1::SessionResponse::kRelease:
      return HandleRelease(message.release());
    case v1::SessionResponse::kProbeConfig: {
      absl::Status status = ConfigureProber(prober_, message.probe_config());
      if (!status.ok()) LogError(absl::StrCat("probes: ", status.message()));
      return;
    }
    case v1::SessionResponse::kProbeBursts: {
      absl::Status status = ConfigureBursts(prober_, message.probe_bursts());
      if (!status.ok()) LogError(absl::StrCat("probe bursts: ", status.message()));
      return;
    }
    case v1::SessionResponse::kTcpProbeConfig: {
      const absl::Status status = ConfigureTcpProber(tcp_prober_, message.tcp_probe_config());
      if (!status.ok()) LogError(absl::StrCat("TCP probes: ", status.message()));
      return;
    }
    case v1::SessionResponse::kExamine:
      return examiner_.Ask(message.examine().id());
    case v1::SessionResponse::MESSAGE_NOT_SET:
      LogWarning("the controller sent a message this version does not know; ignoring");
      return;
  }
}

void Session::HandleWelcome(const v1::Welcome& welcome) {
  const absl::StatusOr<Duration> interval = DecodeDuration(welcome.heartbeat_interval());
  if (interval.ok()) rhythm_->Begin(*interval, clock_.Now());
  rhythm_->Pause(DecodeDuration(welcome.pause()).value_or(Duration(0)));
  registered_ = true;
  LogInfo(absl::StrCat("registered as ", options_.name.text(), " at ", options_.controller));
  if (welcome.incarnation() != controller_incarnation_) {
    // What there is was timed by another controller's clock.
    prober_.Drain();
    prober_.DrainBursts();
    tcp_prober_.Drain();
    observations_.Clear();
    controller_incarnation_ = welcome.incarnation();
  }
  welcomed_ = true;
}

void Session::HandleArm(const v1::Arm& arm) {
  const absl::StatusOr<RunId> named = DecodeRunId(arm.timeline().run_id());
  if (!named.ok()) return WarnOfNonsense(named.status());
  const RunId& run = *named;
  const MonotonicTime began = clock_.Now();
  const absl::Status status = Arm(arm.timeline());
  if (status.ok()) {
    const Duration took = clock_.Now() - began;
    LogInfo(absl::StrCat("armed in ", FormatDuration(took)), {.run = run.text()});
    // Its T0 comes after this.
    rhythm_->Quicken();
    Queue(EncodeArmed(run, took, static_cast<std::size_t>(arm.timeline().holds_size())));
  } else {
    const std::string reason = TameLine(status.message());
    LogWarning(absl::StrCat("refused: ", reason), {.run = run.text()});
    Queue(EncodeRefused(run, reason));
  }
}

absl::Status Session::Arm(const v1::Timeline& message) {
  FAULTLINE_ASSIGN_OR_RETURN(const Timeline timeline, DecodeTimeline(message));
  if (timeline.node != options_.name) {
    return absl::FailedPreconditionError(absl::StrCat("the timeline is for node ", timeline.node.text()));
  }
  if (!clock_map_.RoundTrip()) return absl::UnavailableError("the clocks are not synchronised yet; try again");
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Interface> interfaces, UsableInterfaces());
  NodeFacts facts{.devices = {},
                  .protect = options_.protect(),
                  .has = capabilities_,
                  .platform = options_.platform,
                  .lane_memory = options_.lane_memory};
  for (const Interface& interface : interfaces) facts.devices.push_back(interface.name);
  if (const auto endpoint = EndpointOfPeer(peer_)) facts.protect.endpoints.push_back(*endpoint);
  FAULTLINE_ASSIGN_OR_RETURN(const Program program, Compose(timeline, facts));
  return engine_.Arm(timeline, program);
}

void Session::HandleFire(const v1::Fire& fire) {
  const absl::StatusOr<RunId> named = DecodeRunId(fire.run_id());
  if (!named.ok()) return WarnOfNonsense(named.status());
  const RunId& run = *named;
  const absl::StatusOr<ControllerTime> t0 = DecodeControllerTime(fire.t0());
  const std::optional<MonotonicTime> local = t0.ok() ? clock_map_.ToLocal(*t0) : std::nullopt;
  const absl::Status status =
      local ? engine_.Fire(run, *local) : absl::InvalidArgumentError("it has no usable start time");
  if (status.ok()) {
    LogInfo(absl::StrCat("fired, T0 in ", FormatDuration(*local - clock_.Now())), {.run = run.text()});
  } else {
    LogError(absl::StrCat("cannot fire: ", status.message()), {.run = run.text()});
    engine_.End(run, RunEnd::kFailed, status.message()).IgnoreError();  // It may not be held at all.
  }
}

void Session::HandleProceed(const v1::Proceed& proceed) {
  const absl::StatusOr<RunId> named = DecodeRunId(proceed.run_id());
  if (!named.ok()) return WarnOfNonsense(named.status());
  const RunId& run = *named;
  const absl::StatusOr<Duration> length = DecodeDuration(proceed.length());
  const absl::Status status = length.ok() ? engine_.Proceed(run, proceed.hold(), *length) : length.status();
  if (status.ok()) {
    LogInfo(absl::StrCat("hold ", proceed.hold(), " lasts ", FormatDuration(*length)), {.run = run.text()});
  } else {
    LogError(absl::StrCat("cannot proceed: ", status.message()), {.run = run.text()});
    engine_.End(run, RunEnd::kFailed, status.message()).IgnoreError();  // It may not be held any more.
  }
}

void Session::HandleHeartbeat(const v1::Heartbeat& heartbeat) {
  observations_.Forget(heartbeat.observations_taken());
  const absl::StatusOr<ControllerTime> sent = DecodeControllerTime(heartbeat.controller_sent());
  const std::optional<MonotonicTime> heard = sent.ok() ? clock_map_.ToLocal(*sent) : std::nullopt;
  if (!heard || heartbeat.run_ids().empty()) return;
  const std::vector<RunId> runs(heartbeat.run_ids().begin(), heartbeat.run_ids().end());
  engine_.Renew(runs, std::min(*heard, clock_.Now()));
}

void Session::HandleRelease(const v1::Release& release) {
  const absl::StatusOr<RunId> run = DecodeRunId(release.run_id());
  if (!run.ok()) return WarnOfNonsense(run.status());
  const absl::Status status = engine_.End(*run, RunEnd::kReleased, TameLine(release.reason()));
  if (absl::IsNotFound(status)) Queue(EncodeUnknownRun(*run));
}

}  // namespace faultline
