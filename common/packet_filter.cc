#include "common/packet_filter.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace faultline {
namespace {

// IFNAMSIZ without the final zero.
constexpr std::size_t kLongestInterface = 15;

std::string JoinRanges(const std::vector<PortRange>& ranges) {
  return absl::StrJoin(ranges, ",",
                       [](std::string* out, const PortRange& range) { absl::StrAppend(out, FormatPortRange(range)); });
}

void CheckPorts(const char* field, const std::vector<PortRange>& ranges, std::vector<FieldError>& errors) {
  const PortRange* previous = nullptr;
  for (const PortRange& range : ranges) {
    if (range.first == 0 || range.first > range.last) {
      errors.push_back({field, absl::StrCat(FormatPortRange(range), " is not a range within 1 to 65535")});
    } else if (previous != nullptr && range.first <= previous->last) {
      errors.push_back({field, previous->last >= range.first && previous->first <= range.first
                                   ? absl::StrCat("port ", range.first, " comes twice")
                                   : std::string("the ports are not sorted")});
    }
    previous = &range;
  }
}

bool IsInterfaceName(const std::string& name) {
  return !name.empty() && name.size() <= kLongestInterface && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(), [](char c) {
           return c == '/' || c == ':' || !absl::ascii_isgraph(static_cast<unsigned char>(c));
         });
}

}  // namespace

absl::StatusOr<PortRange> ParsePortRange(absl::string_view text) {
  const auto invalid = [text] {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is not a port: write a number from 1 to 65535, or a range such as 3001-3002"));
  };
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '-');
  if (parts.size() > 2) return invalid();
  std::uint32_t ends[2] = {0, 0};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool digits = !parts[i].empty() && std::all_of(parts[i].begin(), parts[i].end(), absl::ascii_isdigit);
    if (!digits || !absl::SimpleAtoi(parts[i], &ends[i]) || ends[i] < 1 || ends[i] > 65535) return invalid();
  }
  if (parts.size() == 1) ends[1] = ends[0];
  if (ends[0] > ends[1]) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' ends before it begins; did you mean ", ends[1], "-", ends[0], "?"));
  }
  return PortRange{static_cast<std::uint16_t>(ends[0]), static_cast<std::uint16_t>(ends[1])};
}

std::string FormatPortRange(const PortRange& range) {
  return range.first == range.last ? absl::StrCat(range.first) : absl::StrCat(range.first, "-", range.last);
}

std::vector<FieldError> CheckPacketFilter(const PacketFilter& filter) {
  std::vector<FieldError> errors;
  CheckPorts("ports", filter.destination_ports, errors);
  CheckPorts("ports", filter.either_ports, errors);
  CheckPorts("source_ports", filter.source_ports, errors);
  CheckPorts("exclude_ports", filter.except_ports, errors);
  const bool ports = !filter.destination_ports.empty() || !filter.either_ports.empty() ||
                     !filter.source_ports.empty() || !filter.except_ports.empty();
  if (ports && filter.protocol == Protocol::kIcmp) errors.push_back({"protocol", "icmp has no ports"});
  if (!filter.either_ports.empty() && (!filter.destination_ports.empty() || !filter.source_ports.empty())) {
    errors.push_back({"source_ports", "ports that count on either end leave no other"});
  }
  if (filter.dscp && *filter.dscp > kHighestDscp) {
    errors.push_back({"dscp", absl::StrCat(*filter.dscp, " is not within 0 to ", kHighestDscp)});
  }
  for (const std::string& interface : filter.interfaces) {
    if (!IsInterfaceName(interface))
      errors.push_back({"interface", absl::StrCat("'", absl::CHexEscape(interface), "' is no interface's name")});
  }
  if (std::adjacent_find(filter.interfaces.begin(), filter.interfaces.end(), std::greater_equal<>()) !=
      filter.interfaces.end()) {
    errors.push_back({"interface", "an interface comes twice"});
  }
  return errors;
}

std::string DescribeFilter(const PacketFilter& filter) {
  std::vector<std::string> words;
  static constexpr const char* kNames[] = {"any packet", "tcp", "udp", "icmp", "sctp"};
  words.push_back(kNames[static_cast<std::size_t>(filter.protocol)]);
  if (!filter.destination_ports.empty()) words.push_back("to port " + JoinRanges(filter.destination_ports));
  if (!filter.source_ports.empty()) words.push_back("from port " + JoinRanges(filter.source_ports));
  if (!filter.either_ports.empty()) words.push_back("to or from port " + JoinRanges(filter.either_ports));
  if (!filter.except_ports.empty()) words.push_back("except port " + JoinRanges(filter.except_ports));
  if (filter.dscp) words.push_back(absl::StrCat("with dscp ", *filter.dscp));
  if (filter.connection == Connection::kNew) words.push_back("that opens a connection");
  if (filter.connection == Connection::kEstablished) words.push_back("of an open connection");
  if (!filter.interfaces.empty()) words.push_back("on " + absl::StrJoin(filter.interfaces, ", "));
  return absl::StrJoin(words, " ");
}

}  // namespace faultline
