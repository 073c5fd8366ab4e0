#include "controller/cli/client.h"

#include "absl/strings/str_cat.h"
#include "common/rpc/credentials.h"
#include "common/status.h"

namespace faultline {

absl::StatusOr<std::unique_ptr<Client>> Client::Connect(const std::string& target, bool insecure) {
  constexpr std::chrono::seconds kPatience(2);
  const auto credentials = ClientCredentials(target, insecure);
  if (!credentials.ok()) return absl::InvalidArgumentError(credentials.status().message());
  const auto channel = grpc::CreateChannel(target, *credentials);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + kPatience)) {
    return absl::UnavailableError(
        absl::StrCat("the controller at ", target,
                     " does not answer; is faultline-controller running, and may you use its socket?"));
  }
  return std::unique_ptr<Client>(new Client(v1::ControlService::NewStub(channel)));
}

}  // namespace faultline
