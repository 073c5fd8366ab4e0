#include "agent/local_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "agent/local_socket.h"
#include "common/file.h"
#include "common/status.h"

namespace faultline {
namespace {

// Who asks says so at once. Whoever does not holds up the next one, whose own patience has to last for the answer; he
// may ask anew.
constexpr std::chrono::milliseconds kPatience(200);

// More than may wait for an agent that hangs.
constexpr int kBacklog = 64;

absl::StatusOr<UniqueFd> Listen(const std::string& path) {
  const sockaddr_un address = LocalSocketAddress(path);
  UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return ErrnoError(errno, "making a Unix socket");
  unlink(path.c_str());  // Left by an agent that was killed; the lock says that none lives.
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoError(errno, absl::StrCat("binding ", path));
  }
  if (chmod(path.c_str(), 0600) != 0) return ErrnoError(errno, absl::StrCat("protecting ", path));
  if (listen(listener.get(), kBacklog) != 0) return ErrnoError(errno, absl::StrCat("listening at ", path));
  return listener;
}

UniqueFd Spare() { return UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

absl::StatusOr<UniqueFd> LockRuntimeFolder(const std::string& runtime_folder) {
  if (mkdir(runtime_folder.c_str(), 0755) != 0 && errno != EEXIST) {
    return ErrnoError(errno, absl::StrCat("making the runtime folder ", runtime_folder));
  }
  absl::StatusOr<UniqueFd> lock = LockFile(absl::StrCat(runtime_folder, "/agent.lock"));
  if (!absl::IsFailedPrecondition(lock.status())) return lock;
  return WithContext(lock.status(), "another agent runs here");
}

absl::StatusOr<std::unique_ptr<LocalServer>> LocalServer::Start(const std::string& runtime_folder, Verbs verbs) {
  FAULTLINE_ASSIGN_OR_RETURN(std::string path, LocalSocketPath(runtime_folder));
  FAULTLINE_ASSIGN_OR_RETURN(UniqueFd listener, Listen(path));
  UniqueFd stop(eventfd(0, EFD_CLOEXEC));
  if (!stop) return ErrnoError(errno, "making an eventfd");
  return std::unique_ptr<LocalServer>(
      new LocalServer(std::move(listener), std::move(stop), Spare(), std::move(path), std::move(verbs)));
}

LocalServer::LocalServer(UniqueFd listener, UniqueFd stop, UniqueFd spare, std::string path, Verbs verbs)
    : listener_(std::move(listener)),
      stop_(std::move(stop)),
      spare_(std::move(spare)),
      path_(std::move(path)),
      verbs_(std::move(verbs)),
      thread_([this] { Loop(); }) {}

LocalServer::~LocalServer() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
  unlink(path_.c_str());
}

void LocalServer::Loop() {
  std::array<pollfd, 2> watched = {
      {{.fd = listener_.get(), .events = POLLIN, .revents = 0}, {.fd = stop_.get(), .events = POLLIN, .revents = 0}}};
  while (true) {
    if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    if (watched[1].revents != 0) return;
    if (const UniqueFd connection = Accept()) Serve(connection.get());
    if (!spare_) spare_ = Spare();
  }
}

UniqueFd LocalServer::Accept() {
  const auto accept_one = [this] { return UniqueFd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)); };
  UniqueFd connection = accept_one();
  if (connection || (errno != EMFILE && errno != ENFILE)) return connection;
  spare_ = UniqueFd();
  return accept_one();
}

void LocalServer::Serve(int connection) {
  SetLocalPatience(connection, kPatience);
  const std::string request = ReadLocal(connection, Until::kLine);
  std::string answer;
  if (request == kAskHeal) answer = FormatHealed(verbs_.heal());
  if (request == kAskStatus) answer = FormatStatus(verbs_.status());
  if (const auto level = ParseAskLogLevel(request); level.ok()) answer = FormatLogLevel(verbs_.log_level(*level));
  send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
}

}  // namespace faultline
