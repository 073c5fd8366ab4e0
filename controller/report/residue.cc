#include "controller/report/residue.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace faultline {
namespace {

bool IsKnown(const v1::NodeRun& node) {
  const v1::ResidueFinding finding = node.outcome().residue().finding();
  return finding != v1::RESIDUE_FINDING_UNSPECIFIED && finding != v1::RESIDUE_FINDING_UNKNOWN;
}

bool IsFree(const v1::NodeRun& node) {
  return IsKnown(node) && node.outcome().residue().finding() != v1::RESIDUE_FINDING_LEFT;
}

std::int64_t CountOf(const v1::ResidueProof& proof) { return proof.things_size() + std::int64_t{proof.more()}; }

// The first, and how many more.
std::string Things(const v1::ResidueProof& proof) {
  constexpr int kMostNamed = 5;
  const int named = std::min(proof.things_size(), kMostNamed);
  const std::int64_t more = CountOf(proof) - named;
  return absl::StrCat(absl::StrJoin(proof.things().begin(), proof.things().begin() + named, ", "),
                      more == 0 ? "" : absl::StrCat(" and ", more, " more"));
}

std::vector<std::string> Describe(const v1::Run& run, v1::ResidueFinding finding, absl::string_view before,
                                  absl::string_view after) {
  std::vector<std::string> lines;
  for (const v1::NodeRun& node : run.nodes()) {
    const v1::ResidueProof& proof = node.outcome().residue();
    if (proof.finding() == finding) lines.push_back(absl::StrCat(before, node.node(), after, Things(proof)));
  }
  return lines;
}

}  // namespace

bool ResidueSought(const v1::Run& run) {
  return std::ranges::any_of(run.nodes(), [](const v1::NodeRun& node) {
    return node.outcome().residue().finding() != v1::RESIDUE_FINDING_UNSPECIFIED;
  });
}

std::vector<std::string> ResidueLeft(const v1::Run& run) { return Describe(run, v1::RESIDUE_FINDING_LEFT, "", ": "); }

std::vector<std::string> ResidueUnknown(const v1::Run& run) {
  std::vector<std::string> lines;
  for (const v1::NodeRun& node : run.nodes()) {
    const std::string why = Things(node.outcome().residue());
    if (!IsKnown(node)) lines.push_back(absl::StrCat(node.node(), ": ", why.empty() ? "it did not tell" : why));
  }
  return lines;
}

std::vector<std::string> ResidueNotes(const v1::Run& run) {
  return Describe(run, v1::RESIDUE_FINDING_CHANGED, "on ", " others changed: ");
}

std::string SummarizeResidue(const v1::Run& run) {
  return absl::StrCat("no residue on ", std::ranges::count_if(run.nodes(), IsFree), " of ", run.nodes_size(),
                      run.nodes_size() == 1 ? " node" : " nodes");
}

std::string ResidueText(const v1::NodeOutcome& outcome) {
  const v1::ResidueProof& proof = outcome.residue();
  switch (proof.finding()) {
    case v1::RESIDUE_FINDING_EQUAL:
      return "none";
    case v1::RESIDUE_FINDING_CHANGED:
      return absl::StrCat("none, others changed ", CountOf(proof));
    case v1::RESIDUE_FINDING_LEFT:
      return absl::StrCat("LEFT: ", Things(proof));
    case v1::RESIDUE_FINDING_UNKNOWN:
      return "not known";
    default:
      return "-";
  }
}

}  // namespace faultline
