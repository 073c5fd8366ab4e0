#include "common/rpc/credentials.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/prefix_set.h"
#include "common/status.h"

namespace faultline {
namespace {

const PrefixSet& PlaintextNetworks() {
  static const PrefixSet networks = {*Prefix::Parse("127.0.0.0/8"), *Prefix::Parse("::1"),
                                     *Prefix::Parse("198.18.0.0/15"), *Prefix::Parse("fd2f::/16")};
  return networks;
}

absl::StatusOr<absl::string_view> HostOf(absl::string_view target) {
  const std::size_t colon = target.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(target.substr(colon + 1), &port) || port < 1 ||
      port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", target, "' is not an address; write HOST:PORT, [IPV6]:PORT or unix:/PATH"));
  }
  absl::string_view host = target.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  return host;
}

absl::Status CheckPlaintext(absl::string_view target, bool insecure) {
  if (absl::StartsWith(target, "unix:")) return absl::OkStatus();
  FAULTLINE_ASSIGN_OR_RETURN(const absl::string_view host, HostOf(target));
  if (insecure) return absl::OkStatus();
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(host);
  if (address.ok() && PlaintextNetworks().Contains(*address)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("a plaintext connection at ", target,
                   " is refused: only a Unix socket, loopback and the test range 198.18.0.0/15 may be plaintext; "
                   "--insecure allows it where the network itself is trusted"));
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(absl::string_view target, bool insecure) {
  FAULTLINE_RETURN_IF_ERROR(CheckPlaintext(target, insecure));
  return grpc::InsecureChannelCredentials();
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ListenCredentials(absl::string_view target, bool insecure) {
  FAULTLINE_RETURN_IF_ERROR(CheckPlaintext(target, insecure));
  return grpc::InsecureServerCredentials();
}

}  // namespace faultline
