#include "controller/plan/filter_reader.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "controller/plan/keys.h"

namespace faultline {
namespace {

struct CodePoint {
  const char* name;
  std::uint8_t value;
};

// RFC 2474 (cs), 2597 (af), 3246 (ef), 5865 (va), 8622 (le).
constexpr std::array<CodePoint, 24> kCodePoints = {
    {{"cs0", 0},   {"cs1", 8},   {"cs2", 16},  {"cs3", 24},  {"cs4", 32},  {"cs5", 40},  {"cs6", 48},  {"cs7", 56},
     {"af11", 10}, {"af12", 12}, {"af13", 14}, {"af21", 18}, {"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28},
     {"af33", 30}, {"af41", 34}, {"af42", 36}, {"af43", 38}, {"ef", 46},   {"va", 44},   {"le", 1},    {"be", 0}}};

Words CodePointNames() {
  static const auto& names = *new std::vector<std::string>([] {
    std::vector<std::string> all;
    for (const CodePoint& point : kCodePoints) all.emplace_back(point.name);
    return all;
  }());
  return names;
}

}  // namespace

void FilterReader::Read(const Record& fault, PlanStep& step) {
  step.filter = ReadFilter(fault, !std::holds_alternative<OneWay>(step.ends));
  if (const DocumentValue* exclude = fault.Find("exclude")) step.exclude = cidrs_.Read(*exclude, "'exclude'");
  CheckFilter(fault, step.filter);
}

PacketFilter FilterReader::ReadFilter(const Record& fault, bool both_ways) {
  PacketFilter filter;
  if (const DocumentValue* protocol = fault.Find("protocol")) {
    filter.protocol = static_cast<Protocol>(ReadWord(*protocol, "'protocol'", keys::Protocols(), errors_).value_or(0));
  }
  (both_ways ? filter.either_ports : filter.destination_ports) = ReadPorts(fault, "ports");
  filter.except_ports = ReadPorts(fault, "exclude_ports");
  const DocumentValue* source_ports = fault.Find("source_ports");
  if (source_ports != nullptr && both_ways) {
    errors_.Add(source_ports->position,
                "'source_ports' is for one-way faults: both ways each end is a source; use 'ports', which counts on "
                "either end, or 'from' and 'to'");
  } else {
    filter.source_ports = ReadPorts(fault, "source_ports");
  }
  if (const DocumentValue* dscp = fault.Find("dscp")) filter.dscp = ReadDscp(*dscp);
  if (const DocumentValue* interfaces = fault.Find("interface")) filter.interfaces = ReadInterfaces(*interfaces);
  if (const DocumentValue* value = fault.Find("connections")) {
    const std::optional<std::size_t> word = ReadWord(*value, "'connections'", keys::Connections(), errors_);
    if (word) filter.connection = *word == 0 ? Connection::kNew : Connection::kEstablished;
  }
  return filter;
}

void FilterReader::CheckFilter(const Record& fault, const PacketFilter& filter) {
  for (const FieldError& error : CheckPacketFilter(filter)) {
    const DocumentValue* value = fault.Find(error.field);
    errors_.Add(value != nullptr ? value->position : fault.position(),
                absl::StrCat("'", error.field, "': ", error.message));
  }
}

std::vector<PortRange> FilterReader::ReadPorts(const Record& fault, absl::string_view key) {
  std::vector<PortRange> ranges;
  const DocumentValue* value = fault.Find(key);
  if (value == nullptr) return ranges;
  for (const DocumentValue* item : ReadItems(*value, absl::StrCat("'", key, "'"), errors_)) {
    const std::optional<std::string> text = ReadText(*item, "a port", errors_);
    if (!text) continue;
    const absl::StatusOr<PortRange> range = ParsePortRange(*text);
    if (range.ok()) {
      ranges.push_back(*range);
    } else {
      errors_.Add(item->position, range.status().message());
    }
  }
  std::sort(ranges.begin(), ranges.end());
  return ranges;
}

std::optional<std::uint8_t> FilterReader::ReadDscp(const DocumentValue& value) {
  const std::optional<std::string> text = ReadText(value, "'dscp'", errors_);
  if (!text) return std::nullopt;
  const bool number = !text->empty() && text->find_first_not_of("0123456789") == std::string::npos;
  if (number) return ReadNumber(value, "'dscp'", errors_, 0, kHighestDscp);
  const auto point =
      std::find_if(kCodePoints.begin(), kCodePoints.end(), [&](const CodePoint& one) { return *text == one.name; });
  if (point != kCodePoints.end()) return point->value;
  errors_.Add(value.position, absl::StrCat("'dscp' must be a number from 0 to ", kHighestDscp,
                                           " or a name such as ef, af41 or cs5, not '", *text, "'",
                                           errors_.Suggest(*text, CodePointNames())));
  return std::nullopt;
}

std::vector<std::string> FilterReader::ReadInterfaces(const DocumentValue& value) {
  std::vector<std::string> interfaces;
  for (const DocumentValue* item : ReadItems(value, "'interface'", errors_)) {
    if (const std::optional<std::string> name = ReadText(*item, "an interface", errors_)) interfaces.push_back(*name);
  }
  std::sort(interfaces.begin(), interfaces.end());
  return interfaces;
}

}  // namespace faultline
