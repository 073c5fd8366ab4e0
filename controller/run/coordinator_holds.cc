#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"
#include "common/timeline_codec.h"
#include "controller/report/run_figures.h"
#include "controller/report/run_words.h"
#include "controller/report/summary.h"
#include "controller/report/tcp_verdict.h"
#include "controller/report/verdict.h"
#include "controller/run/coordinator.h"

namespace faultline {
namespace {

// Between two looks at the stage that is waited for.
constexpr Duration kLookAgain = std::chrono::milliseconds(250);
// After something was not as planned, so long a time speaks for its having become so: a few probes of each edge.
constexpr Duration kLeastEvidence = std::chrono::seconds(2);
// Moments that people have written stay readable when they are put off.
using Grain = std::chrono::duration<Duration::rep, std::centi>;

// Whether something is known not to be as planned.
bool Disagrees(const v1::StageVerdict& stage) {
  const auto edge_does = [](const v1::EdgeVerdict& edge) { return !Agrees(edge) && !IsUnknown(edge); };
  const auto connection_does = [](const v1::TcpVerdict& edge) { return !Agrees(edge); };
  return std::ranges::any_of(stage.edges(), edge_does) || std::ranges::any_of(stage.tcp(), connection_does);
}

// A stage whose faults no probe can see is judged by what their rules matched so far too.
void JudgeUnseenSoFar(const Stage& stage, const v1::Run& run, v1::StageVerdict& verdict) {
  if (!verdict.unseen()) return;
  std::uint64_t matched = 0;
  for (const StepIndex step : stage.active) matched += PacketsOf(run, step).value_or(0);
  verdict.set_matched(matched);
  verdict.set_agrees((verdict.agrees() || verdict.edges().empty()) && matched > 0);
}

Duration HeldOf(const v1::StageSchedule& schedule) { return DecodeDuration(schedule.held()).value_or(Duration(0)); }

// "one-way: lon-1 → par-1 (IPv4) was planned cut but 3 of 3 probes arrived; and 2 more".
std::string Amiss(const v1::StageVerdict& verdict) {
  google::protobuf::RepeatedPtrField<v1::StageVerdict> stages;
  *stages.Add() = verdict;
  return Summarize(stages);
}

}  // namespace

bool Coordinator::AdvanceHold(ActiveRun& run) {
  if (!run.Waits() || run.AllEnded()) return true;
  const auto ended = std::ranges::find_if(run.record.nodes(), &v1::NodeRun::has_outcome);
  if (ended != run.record.nodes().end()) {
    GiveUpHold(run, absl::StrCat("cannot be observed as planned any more; ", ended->node(), ": ",
                                 WordOf(ended->outcome().end())));
    return false;
  }
  if (Now() >= run.next_look) {
    run.next_look = Now() + kLookAgain;
    if (ObservedSoFar(run)) {
      PutOffTillTold(run);
      Proceed(run);
      return true;
    }
  }
  const Duration patience = PatienceOf(run.record).value_or(Duration(0));
  if (Now() - *run.t0 - (run.stages[run.hold].end - run.Held()) >= patience) {
    GiveUpHold(run, absl::StrCat("was not observed as planned within ", FormatDuration(patience), " of its planned end",
                                 run.amiss.empty() ? "" : absl::StrCat("; ", run.amiss)));
    return false;
  }
  if (!PutOffTillTold(run)) return true;
  // Watchers see it as they see counters.
  run.counted = true;
  if (run.hold_told) return true;
  run.hold_told = true;
  Tell(v1::EVENT_KIND_RUN_HELD, run,
       absl::StrCat(run.stages[run.hold].name, " is to be observed as planned first",
                    run.amiss.empty() ? "" : absl::StrCat("; ", run.amiss)));
  Noted(run);
  return true;
}

bool Coordinator::PutOffTillTold(ActiveRun& run) {
  const Duration early = Now() - *run.t0 + LeadOf(run) - run.stages[run.hold].end;
  if (early <= Duration(0)) return false;
  run.PutOff(std::chrono::ceil<Grain>(early));
  return true;
}

bool Coordinator::ObservedSoFar(ActiveRun& run) {
  const int number = static_cast<int>(run.hold);
  // Its delays are what those of later stages are compared with.
  if (number > 0 && run.Baseline() == nullptr) return false;
  Stage stage = JudgedPart(number, run);
  stage.end = std::min(stage.end, Now() - *run.t0 - SettleTimeOf(stage, run) - fleet_.LongestPause());
  const std::vector<NodeName> parties(run.parties.begin(), run.parties.end());
  if (stage.end - stage.start <= 2 * JudgeMargin(fleet_.WorstRoundTrip(parties) / 2)) return false;
  if (run.seen_from && stage.end - stage.start < kLeastEvidence) return false;
  // Until then its last probes arrive.
  std::vector<std::string> missing = Behind(run, *run.t0 + stage.end + SettleTimeOf(stage, run) - kSettle);
  for (const NodeName& node : parties) {
    if (!fleet_.Connected(node) && std::ranges::find(missing, node.text()) == missing.end()) {
      missing.push_back(node.text());
    }
  }
  if (!missing.empty()) {
    run.amiss = absl::StrCat(stage.name, ": not all that it saw is known of ", absl::StrJoin(missing, ", "));
    return false;
  }
  v1::StageVerdict verdict = Judge(stage, run);
  JudgeUnseenSoFar(stage, run.record, verdict);
  if (verdict.agrees()) return true;
  if (verdict.edges().empty() && !verdict.unseen()) {
    run.record.add_warnings(absl::StrCat(stage.name, " was not waited for: no two nodes can probe each other"));
    return true;
  }
  if (Disagrees(verdict)) {
    run.amiss = Amiss(verdict);
    run.seen_from = stage.end;
  } else if (run.amiss.empty() || verdict.unseen()) {
    run.amiss = Amiss(verdict);
  }
  return false;
}

void Coordinator::Proceed(ActiveRun& run) {
  const std::size_t hold = run.hold++;
  v1::StageSchedule& schedule = *run.record.mutable_schedule(static_cast<int>(hold));
  if (run.seen_from) *schedule.mutable_observed_from() = EncodeDuration(*run.seen_from);
  for (const NodeName& node : run.parties) SendProceed(node, run, hold);
  SendBursts(run);
  KeepDialling(run);
  if (run.hold_told) {
    Tell(v1::EVENT_KIND_RUN_PROCEEDED, run,
         absl::StrCat(schedule.name(), " was observed as planned; it lasts ", FormatDuration(HeldOf(schedule)),
                      " longer"));
  }
  run.seen_from.reset();
  run.amiss.clear();
  run.hold_told = false;
  Noted(run);
}

void Coordinator::SendProceed(const NodeName& node, const ActiveRun& run, std::size_t hold) {
  v1::SessionResponse message;
  v1::Proceed& proceed = *message.mutable_proceed();
  proceed.set_run_id(run.record.id());
  proceed.set_hold(static_cast<std::uint32_t>(hold));
  *proceed.mutable_length() = EncodeDuration(HeldOf(run.record.schedule(static_cast<int>(hold))));
  fleet_.Send(node, message);
}

void Coordinator::GiveUpHold(ActiveRun& run, const std::string& why) {
  // Those before it.
  JudgeStages(run, /*wait=*/false);
  const int number = static_cast<int>(run.hold);
  const Duration elapsed = Now() - *run.t0;
  const Duration held = elapsed - (run.stages[run.hold].end - run.Held());
  run.seen_from.reset();
  Stage stage = JudgedPart(number, run);
  stage.end = std::min(stage.end, elapsed - SettleTimeOf(stage, run) - fleet_.LongestPause());
  if (run.record.stages_size() == number && stage.start < stage.end) {
    v1::StageVerdict verdict = Judge(stage, run);
    JudgeUnseenSoFar(stage, run.record, verdict);
    verdict.set_agrees(false);
    *verdict.mutable_end() = EncodeDuration(elapsed);
    *verdict.mutable_held() = EncodeDuration(held);
    *run.record.add_stages() = std::move(verdict);
  }
  Release(run, v1::OUTCOME_NOT_VERIFIED, absl::StrCat(stage.name, " ", why));
}

}  // namespace faultline
