#include "controller/cli/client.h"

#include "absl/strings/str_cat.h"
#include "common/rpc/credentials.h"
#include "common/status.h"

namespace faultline {
namespace {

// Of one answer: a run of a large fleet is beyond gRPC's own 4 MiB.
constexpr int kLargestMessage = 64 * 1024 * 1024;

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Connect(const std::string& target, bool insecure) {
  constexpr std::chrono::seconds kPatience(2);
  const auto credentials = ClientCredentials(target, insecure);
  if (!credentials.ok()) return absl::InvalidArgumentError(credentials.status().message());
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kLargestMessage);
  // Who follows a controller that is restarted waits for it.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  const auto channel = grpc::CreateCustomChannel(target, *credentials, arguments);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + kPatience)) {
    return absl::UnavailableError(
        absl::StrCat("the controller at ", target,
                     " does not answer; is faultline-controller running, and may you use its socket?"));
  }
  return std::unique_ptr<Client>(new Client(v1::ControlService::NewStub(channel)));
}

}  // namespace faultline
