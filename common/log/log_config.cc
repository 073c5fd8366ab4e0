#include "common/log/log_config.h"

#include <string>
#include <vector>

#include "common/document/value_reader.h"

namespace faultline {
namespace {

const std::vector<std::string> kKeys = {"level"};

}  // namespace

void ReadLog(const DocumentValue& value, LogLevel& level, TextErrors& errors) {
  const Record record(value, "'log'", kKeys, errors);
  const DocumentValue* const name = record.Find("level");
  if (name == nullptr) return;
  if (const auto word = ReadWord(*name, "'level'", LogLevelNames(), errors)) level = static_cast<LogLevel>(*word);
}

}  // namespace faultline
