#include "controller/report/standing.h"

#include "controller/report/text_table.h"

namespace faultline {
namespace {

std::string WordOf(v1::Outcome outcome, const TerminalStyle& style) {
  switch (outcome) {
    case v1::OUTCOME_VERIFIED:
      return Paint("verified", Ink::kGood, style);
    case v1::OUTCOME_NOT_VERIFIED:
      return Paint("NOT verified", Ink::kBad, style);
    case v1::OUTCOME_REFUSED:
      return "refused";
    case v1::OUTCOME_ABORTED:
      return "aborted";
    case v1::OUTCOME_INTERRUPTED:
      return "interrupted";
    case v1::OUTCOME_MISSED:
      return "missed";
    default:
      return "ended";
  }
}

}  // namespace

std::string StandingOf(const v1::Run& run, const TerminalStyle& style) {
  switch (run.state()) {
    case v1::RUN_STATE_WAITING:
      return "waiting";
    case v1::RUN_STATE_ARMING:
      return "arming";
    case v1::RUN_STATE_RUNNING:
      return "running";
    case v1::RUN_STATE_ENDING:
      return "ending";
    default:
      return WordOf(run.outcome(), style);
  }
}

}  // namespace faultline
