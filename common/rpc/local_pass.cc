#include "common/rpc/local_pass.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status.h"
#include "common/unique_fd.h"

namespace faultline {
namespace {

using grpc::experimental::ClientRpcInfo;
using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;

class PassCarrier : public grpc::experimental::Interceptor {
 public:
  explicit PassCarrier(const std::string& login_socket) : login_socket_(login_socket) {}
  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      const absl::StatusOr<std::string> pass = FetchPass(login_socket_);
      if (pass.ok()) methods->GetSendInitialMetadata()->emplace(kPassKey, *pass);
    }
    methods->Proceed();
  }

 private:
  const std::string& login_socket_;
};

class PassCarrierFactory : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit PassCarrierFactory(std::string login_socket) : login_socket_(std::move(login_socket)) {}
  grpc::experimental::Interceptor* CreateClientInterceptor(ClientRpcInfo*) override {
    return new PassCarrier(login_socket_);
  }

 private:
  const std::string login_socket_;
};

}  // namespace

std::string LoginSocketOf(absl::string_view socket) { return absl::StrCat(socket, ".login"); }

absl::StatusOr<std::string> FetchPass(const std::string& login_socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (login_socket.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat(login_socket, ": the path of a socket has at most ", sizeof(address.sun_path) - 1, " bytes"));
  }
  login_socket.copy(address.sun_path, login_socket.size());
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  constexpr timeval kPatience{.tv_sec = 1, .tv_usec = 0};
  if (!fd || setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience)) != 0 ||
      setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience)) != 0 ||
      connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoError(errno, absl::StrCat("connecting to ", login_socket));
  }
  std::array<char, 128> buffer{};
  std::size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t count = read(fd.get(), buffer.data() + size, buffer.size() - size);
    if (count == 0) break;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(errno, absl::StrCat("reading from ", login_socket));
    size += static_cast<std::size_t>(count);
  }
  if (size == 0) return absl::UnavailableError(absl::StrCat(login_socket, " gives no pass"));
  return std::string(buffer.data(), size);
}

std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> PassCarriers(
    absl::string_view target) {
  absl::string_view path = absl::StripPrefix(target, "unix:");
  // Both ways to write it, "unix:/path" and "unix:///path".
  absl::ConsumePrefix(&path, "//");
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> carriers;
  carriers.push_back(std::make_unique<PassCarrierFactory>(LoginSocketOf(path)));
  return carriers;
}

}  // namespace faultline
