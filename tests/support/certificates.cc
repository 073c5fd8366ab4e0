#include "tests/support/certificates.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/command.h"

namespace faultline::testing {

TlsFiles MakeCertificate(const std::string& folder, const std::string& name, const TestCertificate& certificate) {
  std::vector<std::string> command = {"python3", FAULTLINE_CERTIFICATES, folder,          name,
                                      "--ca",    certificate.ca,         "--common-name", certificate.common_name};
  if (!certificate.uri.empty()) command.insert(command.end(), {"--uri", certificate.uri});
  for (const std::string& host : certificate.hosts) command.insert(command.end(), {"--host", host});
  if (certificate.ended) command.emplace_back("--ended");
  if (certificate.ends_in) {
    command.insert(command.end(), {"--ends-in", absl::StrCat(certificate.ends_in->count())});
  }
  const CommandResult result = RunCommand(command);
  EXPECT_EQ(result.code, 0) << result.complaint;
  const std::string stem = absl::StrCat(folder, "/", name);
  return {.ca = absl::StrCat(folder, "/", certificate.ca, ".crt"), .certificate = stem + ".crt", .key = stem + ".key"};
}

}  // namespace faultline::testing
