#include "controller/run/agent_claims.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/status.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

constexpr int kMostAddresses = 4096;
constexpr int kMostLabels = 256;
constexpr int kMostEc2Interfaces = 64;
constexpr int kMostCidrs = 128;
constexpr std::size_t kLongestText = 256;
constexpr std::size_t kLongestId = 64;
constexpr int kMostFindings = 200;
constexpr std::size_t kLongestFinding = 2000;

absl::Status CheckText(absl::string_view text, absl::string_view what) {
  if (text.size() <= kLongestText) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " is of ", text.size(), " bytes; at most ", kLongestText, " are taken"));
}

// All that EC2's words are made of: "m7g.large", "0a:ff:00:11:22:33", "2001:db8::/56".
absl::Status CheckEc2Word(absl::string_view word) {
  const bool plain = std::ranges::all_of(word, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::string_view("-.:/").find(c) != std::string::npos;
  });
  if (plain && word.size() <= kLongestId) return absl::OkStatus();
  return absl::InvalidArgumentError("what EC2 is to have said is nothing that it says");
}

template <typename Words>
absl::Status CheckEc2Words(const Words& words) {
  for (const auto& word : words) FAULTLINE_RETURN_IF_ERROR(CheckEc2Word(word));
  return absl::OkStatus();
}

absl::Status CheckEc2(const v1::Ec2Identity& ec2) {
  int addresses = 0;
  for (const v1::Ec2Interface& interface : ec2.interfaces()) {
    addresses += interface.addresses_size();
    FAULTLINE_RETURN_IF_ERROR(CheckEc2Word(interface.id()));
    FAULTLINE_RETURN_IF_ERROR(CheckEc2Word(interface.mac()));
    FAULTLINE_RETURN_IF_ERROR(CheckEc2Word(interface.subnet_id()));
    FAULTLINE_RETURN_IF_ERROR(CheckEc2Words(interface.addresses()));
  }
  if (ec2.interfaces_size() > kMostEc2Interfaces || ec2.vpc_cidrs_size() > kMostCidrs || addresses > kMostAddresses) {
    return absl::InvalidArgumentError("too many interfaces, addresses or CIDR blocks of EC2");
  }
  FAULTLINE_RETURN_IF_ERROR(CheckEc2Words(ec2.vpc_cidrs()));
  return CheckEc2Words(std::initializer_list<std::string>{ec2.instance_id(), ec2.instance_type(), ec2.region(),
                                                          ec2.availability_zone(), ec2.vpc_id(), ec2.subnet_id()});
}

bool IsSubject(absl::string_view text) {
  const auto fits = [](char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-'; };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), fits);
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
  FAULTLINE_RETURN_IF_ERROR(CheckEc2(info.ec2()));
  FAULTLINE_RETURN_IF_ERROR(CheckText(info.agent_version(), "the agent's version"));
  FAULTLINE_RETURN_IF_ERROR(CheckText(info.capabilities().kernel_release(), "the kernel's release"));
  FAULTLINE_RETURN_IF_ERROR(CheckText(info.capabilities().os_id(), "the distribution's name"));
  return CheckText(info.capabilities().os_like(), "the distribution's kin");
}

absl::Status CheckExamination(const v1::Examination& examination) {
  if (examination.findings_size() > kMostFindings) {
    return absl::InvalidArgumentError(
        absl::StrCat(examination.findings_size(), " findings; at most ", kMostFindings, " are taken"));
  }
  for (const v1::Finding& finding : examination.findings()) {
    if (!IsSubject(finding.subject())) return absl::InvalidArgumentError("a finding's subject is none");
    if (finding.detail().size() > kLongestFinding || finding.mend().size() > kLongestFinding) {
      return absl::InvalidArgumentError(absl::StrCat("a finding of more than ", kLongestFinding, " bytes"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckObservation(const v1::Observation& observation, ControllerTime now,
                              absl::FunctionRef<bool(const std::string&)> is_node) {
  FAULTLINE_RETURN_IF_ERROR(CheckTime(observation.until(), now));
  FAULTLINE_RETURN_IF_ERROR(CheckWindows(observation.windows(), now, is_node));
  return CheckWindows(observation.tcp_windows(), now, is_node);
}

}  // namespace faultline
