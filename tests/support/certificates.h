#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/identity/tls_files.h"

namespace faultline::testing {

// What a test's certificate says; the defaults are of one that nothing is wrong with, and that names nobody.
struct TestCertificate {
  std::string uri;
  // With any it is a server's, without a client's.
  std::vector<std::string> hosts;
  std::string common_name = "test";
  // The file name of the CA that signs it; made with the first.
  std::string ca = "ca";
  bool ended = false;
  // It will be, so soon; absent: in days.
  std::optional<std::chrono::seconds> ends_in = std::nullopt;
};

// Makes FOLDER/NAME.crt and NAME.key, by tests/support/certificates.py. A failure fails the test.
TlsFiles MakeCertificate(const std::string& folder, const std::string& name, const TestCertificate& certificate);

}  // namespace faultline::testing
