#pragma once

#include <grpcpp/support/client_interceptor.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// gRPC does not tell a server who is at the other end of a Unix socket. So beside the controller's there is a second
// one, at which the kernel tells: who connects there is sent a pass of its user, and every call carries it.

// The key of a call's metadata that has the pass.
inline constexpr char kPassKey[] = "faultline-pass";

// The second socket's path, of the first one's: the path with ".login" after it.
std::string LoginSocketOf(absl::string_view socket);

// Asks for this process's pass at `login_socket`; waits at most a second. Errors name the socket.
absl::StatusOr<std::string> FetchPass(const std::string& login_socket);

// For a channel to `target`, "unix:PATH": each call fetches the pass anew, for another controller may answer by now.
// A call that gets none goes without it; the controller says what that means.
std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> PassCarriers(
    absl::string_view target);

}  // namespace faultline
