#include "common/identity/tls_config.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/document/value_reader.h"

namespace faultline {
namespace {

const std::vector<std::string> kKeys = {"ca", "certificate", "key"};

}  // namespace

void ReadTls(const DocumentValue& value, TlsFiles& files, TextErrors& errors) {
  const Record record(value, "'tls'", kKeys, errors);
  const std::vector<std::pair<const char*, std::string*>> places = {
      {"ca", &files.ca}, {"certificate", &files.certificate}, {"key", &files.key}};
  for (const auto& [key, place] : places) {
    const DocumentValue* const path = record.Find(key);
    if (path == nullptr) continue;
    if (auto text = ReadText(*path, absl::StrCat("'", key, "'"), errors)) *place = *std::move(text);
  }
}

}  // namespace faultline
