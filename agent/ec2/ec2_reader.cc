#include "agent/ec2/ec2_reader.h"

#include "common/status.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kFirstLook = seconds(2);
constexpr Duration kGuess = milliseconds(250);
constexpr Duration kLook = seconds(5);

}  // namespace

absl::StatusOr<std::unique_ptr<Ec2Reader>> Ec2Reader::Open(const Ec2Config& config, OnEc2 here, const Clock& clock) {
  if (!config.ask || (here == OnEc2::kNo && !config.anywhere)) return nullptr;
  const bool expected = here == OnEc2::kYes || config.anywhere || config.name != Ec2Config::NameFrom::kHost;
  FAULTLINE_ASSIGN_OR_RETURN(std::unique_ptr<MetadataClient> client,
                             MetadataClient::Make({.endpoints = config.endpoints, .allow_v1 = config.allow_v1}, clock));
  return std::unique_ptr<Ec2Reader>(
      new Ec2Reader({.tags = config.tags, .name_tag = config.name_tag}, expected, std::move(client)));
}

absl::StatusOr<Ec2Reading> Ec2Reader::ReadFirst() { return Within(expected_ ? kFirstLook : kGuess, {}); }

absl::StatusOr<Ec2Reading> Ec2Reader::Read(const Ec2Identity& known) { return Within(kLook, known); }

absl::StatusOr<Ec2Reading> Ec2Reader::Within(Duration patience, const Ec2Identity& known) {
  client_->Begin(patience);
  return ReadEc2Identity(wanted_, known, [this](const std::string& path) { return client_->Get(path); });
}

}  // namespace faultline
