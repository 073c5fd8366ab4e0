#include "agent/kernel/kernel_picture.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace faultline {
namespace {

using Thing = KernelPicture::Thing;

const Thing* Find(const KernelPicture& picture, const std::string& key) {
  const auto found = picture.things.find(key);
  return found == picture.things.end() ? nullptr : &found->second;
}

std::string DescribeParts(const Thing& before, const Thing& after) {
  const absl::string_view name = after.kind == Thing::Kind::kQdisc ? "filters" : "rules";
  if (before.parts == after.parts) return absl::StrCat("other ", name, " than before, ", after.parts, " as well");
  return absl::StrCat(before.parts, " ", name, " before, ", after.parts, " now");
}

// Of one thing, null in the picture that it is not in.
std::optional<PictureDifference> Compare(const std::string& key, const Thing* before, const Thing* after) {
  if (after != nullptr && after->ours) return PictureDifference{.text = key, .ours = true};
  // It was left by somebody before, and has gone.
  if (before != nullptr && before->ours) return std::nullopt;
  if (before == nullptr) return PictureDifference{.text = absl::StrCat(key, " came")};
  if (after == nullptr) return PictureDifference{.text = absl::StrCat(key, " went")};
  if (*before == *after) return std::nullopt;
  const bool same = before->digest == after->digest;
  return PictureDifference{.text = absl::StrCat(key, same ? ": " + DescribeParts(*before, *after) : " changed")};
}

}  // namespace

std::vector<PictureDifference> Difference(const KernelPicture& before, const KernelPicture& after) {
  const auto in_both = [&](const std::string& key) {
    return key.empty() || (before.things.contains(key) && after.things.contains(key));
  };
  std::map<std::string, PictureDifference> found;
  const auto look = [&](const std::string& key, const Thing& thing) {
    if (found.contains(key) || !in_both(thing.of)) return;
    if (auto difference = Compare(key, Find(before, key), Find(after, key))) found.emplace(key, *std::move(difference));
  };
  for (const auto& [key, thing] : before.things) look(key, thing);
  for (const auto& [key, thing] : after.things) look(key, thing);
  std::vector<PictureDifference> differences;
  for (auto& [key, difference] : found) differences.push_back(std::move(difference));
  return differences;
}

}  // namespace faultline
