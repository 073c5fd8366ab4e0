#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// The one place that decides how a connection is secured. Today every connection is plaintext, so it may only go
// where nobody else listens: a Unix socket ("unix:/path"), a loopback address, or the range set aside for tests
// (198.18.0.0/15, RFC 2544; fd2f::/16 in the lab). Anything else needs `insecure`, said by a person.
//
// `target` is "unix:PATH" or "HOST:PORT" ("[v6]:PORT"). FAILED_PRECONDITION when it may not be plaintext: a host name
// counts as foreign, since what it resolves to can change. INVALID_ARGUMENT when it is neither form.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(absl::string_view target, bool insecure);

// The same for an address to listen on.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ListenCredentials(absl::string_view target, bool insecure);

}  // namespace faultline
