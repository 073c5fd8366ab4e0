#include "controller/cli/client.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

// Of one answer: a run of a large fleet is beyond gRPC's own 4 MiB.
constexpr int kLargestMessage = 64 * 1024 * 1024;

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Connect(const std::string& target, const Security& security) {
  constexpr std::chrono::seconds kPatience(2);
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kLargestMessage);
  // Who follows a controller that is restarted waits for it.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  const auto channel = OpenChannel(target, security, arguments);
  // Files that are not as they must be were named wrongly.
  if (!channel.ok()) return absl::InvalidArgumentError(channel.status().message());
  const absl::Status connected = AwaitConnected(*channel, kPatience);
  if (!connected.ok()) {
    const bool local = absl::StartsWith(target, "unix:");
    const absl::string_view hint = local ? "is faultline-controller running, and may you use its socket?"
                                         : "does it listen there, and are both certificates of the same CA?";
    return absl::UnavailableError(absl::StrCat("the controller at ", target, " ", connected.message(), "; ", hint));
  }
  return std::unique_ptr<Client>(new Client(*channel));
}

}  // namespace faultline
