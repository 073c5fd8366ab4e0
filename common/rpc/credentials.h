#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/identity/tls_files.h"

namespace faultline {

// How one side of a connection proves who it is. A value.
struct Security {
  TlsFiles tls;
  // Plaintext, whatever the address: said by a person, who trusts the network.
  bool insecure = false;
  // How to come by the files; ends every error about them.
  std::string mend;
};

// The one place that decides how a connection is secured: docs/TRANSPORT.md. A target is "unix:PATH", which never
// leaves the host and is plaintext, or "HOST:PORT" ("[v6]:PORT"), which is mutual TLS 1.3 unless `insecure`.

// Whether it is the first of these.
bool IsLocal(absl::string_view target);

// Whether a connection there can be secured now. One line: INVALID_ARGUMENT when the target is neither form;
// FAILED_PRECONDITION when the files do not exist, cannot be read or do not fit, which may be mended while somebody
// waits.
absl::Status CheckSecurity(absl::string_view target, const Security& security);

// To dial `target`, with the files as they are now; the server's certificate must be of the CA and for the target's
// host. No proxy is asked, whatever the environment says. Through a Unix socket every call carries the pass that proves
// whose process this is (local_pass.h). Connects with the first call; errors as CheckSecurity's.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const std::string& target, const Security& security,
                                                           const grpc::ChannelArguments& arguments);

// Waits until the channel is connected. UNAVAILABLE, with the reason as far as gRPC tells it, when it is not after
// `patience`.
absl::Status AwaitConnected(const std::shared_ptr<grpc::Channel>& channel, Duration patience);

}  // namespace faultline
