#pragma once

#include <string>
#include <vector>

#include "common/document/text_error.h"
#include "common/document/value_reader.h"
#include "common/packet_filter.h"
#include "controller/plan/cidr_reader.h"
#include "controller/plan/plan.h"

namespace faultline {

// Reads which packets a fault concerns: the keys that every fault's mapping may have beside its ends.
class FilterReader {
 public:
  // Both must outlive the reader.
  FilterReader(CidrReader& cidrs, TextErrors& errors) : cidrs_(cidrs), errors_(errors) {}

  // Sets the step's filter and exclude. Its ends must be known: they say what "ports" means.
  void Read(const Record& fault, PlanStep& step);

 private:
  PacketFilter ReadFilter(const Record& fault, bool both_ways);
  void CheckFilter(const Record& fault, const PacketFilter& filter);
  // Sorted.
  std::vector<PortRange> ReadPorts(const Record& fault, absl::string_view key);
  std::optional<std::uint8_t> ReadDscp(const DocumentValue& value);
  std::vector<std::string> ReadInterfaces(const DocumentValue& value);

  CidrReader& cidrs_;
  TextErrors& errors_;
};

}  // namespace faultline
