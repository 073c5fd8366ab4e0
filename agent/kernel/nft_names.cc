#include "agent/kernel/nft_names.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

std::string Stem(const RunId& run) {
  const bool digit = !run.empty() && absl::ascii_isdigit(static_cast<unsigned char>(run.text().front()));
  return absl::StrCat(digit ? "_" : "", run.text());
}

absl::string_view Suffix(Direction direction) { return direction == Direction::kIngress ? "/in" : "/out"; }

}  // namespace

std::string BaseChainName(const RunId& run, Direction direction) { return absl::StrCat(Stem(run), Suffix(direction)); }

std::string StepChainName(const RunId& run, StepIndex step, Direction direction) {
  return absl::StrCat(Stem(run), "/s", step, Suffix(direction));
}

std::string GateName(const RunId& run, StepIndex step) { return absl::StrCat(Stem(run), "/g", step); }

std::string PrefixSetName(const RunId& run, SetIndex set, Family family) {
  return absl::StrCat(Stem(run), "/p", set, family == Family::kIpv4 ? "/v4" : "/v6");
}

}  // namespace faultline
