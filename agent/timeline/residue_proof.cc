#include "agent/timeline/residue_proof.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace faultline {

ResidueProof Prove(const absl::StatusOr<KernelPicture>& before, const absl::StatusOr<KernelPicture>& after) {
  if (!after.ok()) return NotProven(absl::StrCat("after the run: ", after.status().message()));
  // What is ours needs nothing to compare with.
  std::vector<PictureDifference> differences = Difference(before.ok() ? *before : *after, *after);
  const bool left = std::ranges::any_of(differences, &PictureDifference::ours);
  if (!left && !before.ok()) return NotProven(absl::StrCat("before the run: ", before.status().message()));
  std::erase_if(differences, [left](const PictureDifference& difference) { return difference.ours != left; });
  ResidueProof proof{.finding = left                  ? ResidueProof::Finding::kLeft
                                : differences.empty() ? ResidueProof::Finding::kEqual
                                                      : ResidueProof::Finding::kChanged};
  const std::size_t told = std::min(differences.size(), ResidueProof::kMostThings);
  for (std::size_t i = 0; i < told; ++i) proof.things.push_back(std::move(differences[i].text));
  proof.more = differences.size() - told;
  return proof;
}

ResidueProof NotProven(absl::string_view why) {
  return {.finding = ResidueProof::Finding::kUnknown, .things = {std::string(why)}};
}

}  // namespace faultline
