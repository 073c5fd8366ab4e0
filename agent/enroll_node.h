#pragma once

#include <iosfwd>
#include <string>

#include "absl/status/statusor.h"
#include "common/identity/tls_files.h"

namespace faultline {

// What `faultline-agent enroll` is told, by its options or the configuration.
struct EnrollOptions {
  // "HOST:PORT".
  std::string controller;
  std::string token;
  // The node's.
  std::string name;
  // Where to put what comes of it.
  TlsFiles tls;
};

// The token on the first line of this stream, for a `--token -` that shows it to nobody who lists processes.
// INVALID_ARGUMENT when there is none.
absl::StatusOr<std::string> ReadToken(std::istream& in);

// Makes this node's key, trades the token for a certificate of it, and writes both, the authority's certificate and the
// controller's address, all or none of them but when a rename fails: a folder that is missing is made. That they can be
// written is seen before the token is shown to anybody. What to tell the person. Errors of Enroll, or those that name a
// file.
absl::StatusOr<std::string> EnrollNode(const EnrollOptions& options);

}  // namespace faultline
