#include "controller/run/conclusion.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/report/expectation.h"
#include "controller/report/residue.h"
#include "controller/report/summary.h"
#include "controller/report/verdict.h"
#include "controller/run/active_run.h"

namespace faultline {
namespace {

bool StagesAgree(std::span<const Stage> stages, const v1::Run& run) {
  return static_cast<std::size_t>(run.stages_size()) == stages.size() &&
         std::ranges::all_of(run.stages(), [](const v1::StageVerdict& stage) { return stage.agrees(); });
}

}  // namespace

void ConcludeByEvidence(std::span<const Stage> stages, v1::Run& run) {
  JudgeUnseen(stages, run);
  const std::string ends = DescribeEnds(run, v1::NODE_END_COMPLETED);
  const std::string unmet = SummarizeExpectations(run);
  const bool agree = StagesAgree(stages, run);
  run.set_outcome(agree && ends.empty() && unmet.empty() ? v1::OUTCOME_VERIFIED : v1::OUTCOME_NOT_VERIFIED);
  if (!ends.empty()) {
    run.set_summary(absl::StrCat("not every node came to the end: ", ends));
  } else if (agree && !unmet.empty()) {
    run.set_summary(unmet);
  } else {
    run.set_summary(absl::StrCat(Summarize(run.stages()), unmet.empty() ? "" : "; also ", unmet));
  }
}

void ConcludeInterrupted(v1::Run& run) {
  run.set_outcome(v1::OUTCOME_INTERRUPTED);
  if (run.nodes().empty()) {
    run.set_summary("the controller was restarted before anything was applied");
    return;
  }
  run.set_summary(
      absl::StrCat("the controller was restarted during the run; ", DescribeEnds(run, v1::NODE_END_UNSPECIFIED)));
}

void ConcludeResidue(v1::Run& run) {
  const std::vector<std::string> left = ResidueLeft(run);
  const bool applied = run.outcome() != v1::OUTCOME_REFUSED && run.outcome() != v1::OUTCOME_MISSED;
  if (!ResidueSought(run) || (left.empty() && !applied)) return;
  for (std::string& note : ResidueNotes(run)) run.add_warnings(std::move(note));
  if (!left.empty() && run.outcome() == v1::OUTCOME_VERIFIED) run.set_outcome(v1::OUTCOME_NOT_VERIFIED);
  const std::string before = left.empty() ? "" : absl::StrCat("something is left on ", absl::StrJoin(left, "; on "));
  run.set_summary(absl::StrCat(before, before.empty() ? "" : "; ", run.summary(), run.summary().empty() ? "" : "; ",
                               SummarizeResidue(run)));
}

}  // namespace faultline
