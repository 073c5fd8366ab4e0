#include "common/metrics/metrics_address.h"

#include <array>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/document/value_reader.h"

namespace faultline {
namespace {

const std::vector<std::string> kKeys = {"listen", "allow_network"};
const std::vector<std::string> kTruth = {"false", "true"};

}  // namespace

MetricsAddress MetricsAddress::Loopback(std::uint16_t port) {
  return {.address = IpAddress(std::array<std::uint8_t, 4>{127, 0, 0, 1}), .port = port};
}

absl::StatusOr<MetricsAddress> MetricsAddress::Parse(absl::string_view text) {
  const auto error = absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is no address to listen on, such as 127.0.0.1:7402 or [::1]:7402"));
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return error;
  absl::string_view host = text.substr(0, colon);
  const absl::string_view digits = text.substr(colon + 1);
  const bool bracketed = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  const absl::StatusOr<IpAddress> address = IpAddress::Parse(host);
  int port = 0;
  if (!address.ok() || bracketed != (address->family() == Family::kIpv6)) return error;
  if (digits.find_first_not_of("0123456789") != digits.npos || !absl::SimpleAtoi(digits, &port)) return error;
  if (port < 1 || port > 65535) return error;
  return MetricsAddress{.address = *address, .port = static_cast<std::uint16_t>(port)};
}

bool MetricsAddress::IsLoopback() const {
  static const Prefix ipv4 = *Prefix::Parse("127.0.0.0/8");
  static const Prefix ipv6 = *Prefix::Parse("::1/128");
  return ipv4.Contains(address) || ipv6.Contains(address);
}

std::string MetricsAddress::ToString() const {
  const std::string host = address.ToString();
  return address.family() == Family::kIpv6 ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

void ReadMetrics(const DocumentValue& value, std::optional<MetricsAddress>& target, TextErrors& errors) {
  const Record record(value, "'metrics'", kKeys, errors);
  bool network = false;
  if (const DocumentValue* allow = record.Find("allow_network")) {
    if (const auto word = ReadWord(*allow, "'allow_network'", kTruth, errors)) network = *word == 1;
  }
  const DocumentValue* listen = record.Find("listen");
  if (listen == nullptr) return;
  const auto text = ReadText(*listen, "'listen'", errors);
  if (!text) return;
  if (text->empty()) {
    target.reset();
    return;
  }
  const absl::StatusOr<MetricsAddress> address = MetricsAddress::Parse(*text);
  if (!address.ok()) {
    errors.Add(listen->position, absl::StrCat("'listen': ", address.status().message()));
  } else if (!address->IsLoopback() && !network) {
    errors.Add(listen->position, absl::StrCat("'listen' is ", *text,
                                              ", where others than this host may read the metrics; if they shall, add "
                                              "allow_network: true"));
  } else {
    target = *address;
  }
}

}  // namespace faultline
