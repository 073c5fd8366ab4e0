#include "controller/run/agent_claims.h"

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/status.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

constexpr int kMostAddresses = 4096;
constexpr int kMostLabels = 256;
constexpr std::size_t kLongestText = 256;

absl::Status CheckText(absl::string_view text, absl::string_view what) {
  if (text.size() <= kLongestText) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " is of ", text.size(), " bytes; at most ", kLongestText, " are taken"));
}

absl::Status CheckTime(const google::protobuf::Duration& message, ControllerTime now) {
  const absl::StatusOr<Duration> time = DecodeDuration(message);
  if (!time.ok() || ControllerTime(*time) <= now + kMostAhead) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("what it saw lies ", FormatDuration(ControllerTime(*time) - now), " ahead"));
}

template <typename Windows>
absl::Status CheckWindows(const Windows& windows, ControllerTime now,
                          absl::FunctionRef<bool(const std::string&)> is_node) {
  for (const auto& window : windows) {
    FAULTLINE_RETURN_IF_ERROR(CheckTime(window.start(), now));
    if (!is_node(window.peer())) return absl::InvalidArgumentError("it saw a node that does not exist");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckSize(const v1::SessionRequest& message) {
  const std::size_t most = message.has_observation() ? kLargestObservation : kLargestWord;
  const std::size_t size = message.ByteSizeLong();
  if (size <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("a message of ", size, " bytes; at most ", most, " are taken"));
}

absl::Status CheckNode(const v1::NodeInfo& info) {
  if (info.addresses_size() > kMostAddresses || static_cast<int>(info.labels().size()) > kMostLabels) {
    return absl::InvalidArgumentError("too many addresses or labels");
  }
  for (const auto& [name, value] : info.labels()) {
    FAULTLINE_RETURN_IF_ERROR(CheckText(name, "a label's name"));
    FAULTLINE_RETURN_IF_ERROR(CheckText(value, "a label"));
  }
  for (const v1::NodeAddress& address : info.addresses()) {
    FAULTLINE_RETURN_IF_ERROR(CheckText(address.interface(), "an interface's name"));
  }
  FAULTLINE_RETURN_IF_ERROR(CheckText(info.agent_version(), "the agent's version"));
  FAULTLINE_RETURN_IF_ERROR(CheckText(info.capabilities().kernel_release(), "the kernel's release"));
  FAULTLINE_RETURN_IF_ERROR(CheckText(info.capabilities().os_id(), "the distribution's name"));
  return CheckText(info.capabilities().os_like(), "the distribution's kin");
}

absl::Status CheckObservation(const v1::Observation& observation, ControllerTime now,
                              absl::FunctionRef<bool(const std::string&)> is_node) {
  FAULTLINE_RETURN_IF_ERROR(CheckTime(observation.until(), now));
  FAULTLINE_RETURN_IF_ERROR(CheckWindows(observation.windows(), now, is_node));
  return CheckWindows(observation.tcp_windows(), now, is_node);
}

}  // namespace faultline
