#include "controller/access/attempt_limit.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/prefix.h"

namespace faultline {

std::string AttemptLimit::OriginOf(const std::string& address) {
  constexpr absl::string_view kIpv6 = "ipv6:";
  constexpr int kOfOneHost = 64;
  if (!absl::StartsWith(address, kIpv6)) return address;
  // gRPC escapes the brackets, and the '%' before an interface.
  std::string text =
      absl::StrReplaceAll(address.substr(kIpv6.size()), {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
  text.resize(std::min(text.find('%'), text.size()));
  const absl::StatusOr<IpAddress> host = IpAddress::Parse(text);
  // An IPv4 address in another form is a host of its own.
  if (!host.ok() || absl::StartsWith(text, "::ffff:")) return address;
  const absl::StatusOr<Prefix> network = Prefix::Containing(*host, std::min(kOfOneHost, host->bits()));
  return network.ok() ? absl::StrCat(kIpv6, network->ToString()) : address;
}

absl::Status AttemptLimit::Check(const std::string& who, MonotonicTime now) {
  while (!failed_.empty() && now - failed_.front().first >= kWindow) failed_.pop_front();
  const auto of_one = static_cast<std::size_t>(
      std::count_if(failed_.begin(), failed_.end(), [&](const auto& attempt) { return attempt.second == who; }));
  if (of_one < kMostOfOne && failed_.size() < kMostOfAll) return absl::OkStatus();
  return absl::ResourceExhaustedError("too many attempts to enrol have failed within a minute; try again in another");
}

void AttemptLimit::Failed(const std::string& who, MonotonicTime now) {
  if (failed_.size() < kMostOfAll) failed_.emplace_back(now, who);
}

}  // namespace faultline
