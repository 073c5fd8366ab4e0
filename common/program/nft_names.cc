#include "common/program/nft_names.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace faultline {
namespace {

std::string Stem(const RunId& run) {
  const bool digit = !run.empty() && absl::ascii_isdigit(static_cast<unsigned char>(run.text().front()));
  return absl::StrCat(digit ? "_" : "", run.text());
}

}  // namespace

absl::string_view NameOf(NftFamily family) { return family == NftFamily::kNetdev ? "netdev" : "inet"; }

std::string ChainName(const RunId& run, absl::string_view suffix) { return absl::StrCat(Stem(run), "/", suffix); }

std::string AttachedChainName(const RunId& run, absl::string_view suffix, const std::string& device) {
  return absl::StrCat(Stem(run), "/", suffix, "/", device);
}

std::string StepChainName(const RunId& run, StepIndex step, absl::string_view suffix) {
  return absl::StrCat(Stem(run), "/s", step, "/", suffix);
}

std::string GateName(const RunId& run, StepIndex step) { return absl::StrCat(Stem(run), "/g", step); }

std::string PrefixSetName(const RunId& run, SetIndex set, Family family) {
  return absl::StrCat(Stem(run), "/p", set, family == Family::kIpv4 ? "/v4" : "/v6");
}

std::string DeviceSetName(const RunId& run) { return absl::StrCat(Stem(run), "/devices"); }

std::optional<RunId> RunOfObject(absl::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == absl::string_view::npos) return std::nullopt;
  absl::string_view run = name.substr(0, slash);
  if (run.size() > 1 && run[0] == '_' && absl::ascii_isdigit(static_cast<unsigned char>(run[1]))) run.remove_prefix(1);
  return RunId(std::string(run));
}

std::optional<StepIndex> StepOfGate(absl::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == absl::string_view::npos) return std::nullopt;
  name.remove_prefix(slash + 1);
  StepIndex step = 0;
  const bool gate = absl::ConsumePrefix(&name, "g") && !name.empty() &&
                    absl::ascii_isdigit(static_cast<unsigned char>(name.front())) && absl::SimpleAtoi(name, &step);
  return gate ? std::optional(step) : std::nullopt;
}

}  // namespace faultline
