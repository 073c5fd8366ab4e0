#include "controller/rpc/login_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/rpc/listen.h"

namespace faultline {
namespace {

constexpr int kMostWaiting = 128;
constexpr int kAnswerPauseMs = 100;

}  // namespace

absl::StatusOr<std::unique_ptr<LoginServer>> LoginServer::Start(const std::string& path, PassBook& passes) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": the path of a socket has at most ",
                                                   sizeof(address.sun_path) - 1, " bytes; give a shorter 'socket'"));
  }
  path.copy(address.sun_path, path.size());
  UniqueFd socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  UniqueFd stop(eventfd(0, EFD_CLOEXEC));
  if (!socket_fd || !stop) return ErrnoError(errno, absl::StrCat("making the socket ", path));
  unlink(path.c_str());
  if (bind(socket_fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      chmod(path.c_str(), kSocketMode) != 0 || listen(socket_fd.get(), kMostWaiting) != 0) {
    return ErrnoError(errno, absl::StrCat("listening on ", path));
  }
  return std::unique_ptr<LoginServer>(new LoginServer(path, std::move(socket_fd), std::move(stop), passes));
}

LoginServer::LoginServer(std::string path, UniqueFd socket, UniqueFd stop, PassBook& passes)
    : path_(std::move(path)), socket_(std::move(socket)), stop_(std::move(stop)), passes_(passes), thread_([this] {
        Loop();
      }) {}

LoginServer::~LoginServer() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
  unlink(path_.c_str());
}

void LoginServer::Loop() {
  std::array<pollfd, 2> fds{
      {{.fd = socket_.get(), .events = POLLIN, .revents = 0}, {.fd = stop_.get(), .events = POLLIN, .revents = 0}}};
  while (true) {
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    if (fds[1].revents != 0) return;
    // Without a descriptor to spare nobody can be answered for now.
    if (fds[0].revents != 0 && !Answer() && poll(&fds[1], 1, kAnswerPauseMs) > 0) return;
  }
}

bool LoginServer::Answer() {
  const UniqueFd caller(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!caller) return false;
  const absl::StatusOr<SocketPeer> peer = PeerOf(caller);
  if (!peer.ok()) return true;
  const std::string pass = passes_.Issue(UserOf(*peer, Accounts::OfThisHost(), geteuid()));
  // It fits into every socket's buffer; who has gone is not told.
  [[maybe_unused]] const ssize_t sent = send(caller.get(), pass.data(), pass.size(), MSG_NOSIGNAL);
  return true;
}

}  // namespace faultline
