#include "agent/local_heal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/file.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr absl::string_view kRequest = "heal\n";
constexpr timeval kPatience = {.tv_sec = 2, .tv_usec = 0};

std::string SocketPath(const std::string& folder) { return absl::StrCat(folder, "/agent.sock"); }

absl::StatusOr<sockaddr_un> SocketAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat(path,
                                                   " is too long for a socket; the runtime folder must be within ",
                                                   sizeof(address.sun_path) - sizeof("/agent.sock"), " characters"));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

absl::StatusOr<UniqueFd> Listen(const std::string& path) {
  FAULTLINE_ASSIGN_OR_RETURN(const sockaddr_un address, SocketAddress(path));
  UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return ErrnoError(errno, "making a Unix socket");
  unlink(path.c_str());  // Left by an agent that was killed; the lock says that none lives.
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoError(errno, absl::StrCat("binding ", path));
  }
  if (chmod(path.c_str(), 0600) != 0) return ErrnoError(errno, absl::StrCat("protecting ", path));
  if (listen(listener.get(), 4) != 0) return ErrnoError(errno, absl::StrCat("listening at ", path));
  return listener;
}

// A peer that says nothing must not hold the server up.
void SetPatience(int fd) {
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
}

std::string ReadLine(int fd) {
  std::string line;
  char next = 0;
  while (line.size() < 64 && recv(fd, &next, 1, 0) == 1) {
    line.push_back(next);
    if (next == '\n') break;
  }
  return line;
}

}  // namespace

absl::StatusOr<UniqueFd> LockRuntimeFolder(const std::string& runtime_folder) {
  if (mkdir(runtime_folder.c_str(), 0755) != 0 && errno != EEXIST) {
    return ErrnoError(errno, absl::StrCat("making the runtime folder ", runtime_folder));
  }
  absl::StatusOr<UniqueFd> lock = LockFile(absl::StrCat(runtime_folder, "/agent.lock"));
  if (!absl::IsFailedPrecondition(lock.status())) return lock;
  return WithContext(lock.status(), "another agent runs here");
}

absl::StatusOr<std::unique_ptr<LocalHealServer>> LocalHealServer::Start(const std::string& runtime_folder, Heal heal) {
  const std::string path = SocketPath(runtime_folder);
  FAULTLINE_ASSIGN_OR_RETURN(UniqueFd listener, Listen(path));
  UniqueFd stop(eventfd(0, EFD_CLOEXEC));
  if (!stop) return ErrnoError(errno, "making an eventfd");
  return std::unique_ptr<LocalHealServer>(
      new LocalHealServer(std::move(listener), std::move(stop), path, std::move(heal)));
}

LocalHealServer::LocalHealServer(UniqueFd listener, UniqueFd stop, std::string path, Heal heal)
    : listener_(std::move(listener)),
      stop_(std::move(stop)),
      path_(std::move(path)),
      heal_(std::move(heal)),
      thread_([this] { Loop(); }) {}

LocalHealServer::~LocalHealServer() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
  unlink(path_.c_str());
}

void LocalHealServer::Loop() {
  std::array<pollfd, 2> watched = {
      {{.fd = listener_.get(), .events = POLLIN, .revents = 0}, {.fd = stop_.get(), .events = POLLIN, .revents = 0}}};
  while (true) {
    if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    if (watched[1].revents != 0) return;
    const UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection) Serve(connection.get());
  }
}

void LocalHealServer::Serve(int connection) {
  SetPatience(connection);
  if (ReadLine(connection) != kRequest) return;
  const std::string answer = absl::StrCat("healed ", heal_(), "\n");
  send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
}

absl::StatusOr<std::size_t> AskToHeal(const std::string& runtime_folder) {
  const std::string path = SocketPath(runtime_folder);
  FAULTLINE_ASSIGN_OR_RETURN(const sockaddr_un address, SocketAddress(path));
  const UniqueFd connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection) return ErrnoError(errno, "making a Unix socket");
  SetPatience(connection.get());
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED)
      return absl::NotFoundError(absl::StrCat("no agent listens at ", path));
    return ErrnoError(errno, absl::StrCat("connecting to ", path));
  }
  if (send(connection.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) {
    return ErrnoError(errno, absl::StrCat("writing to ", path));
  }
  const std::string answer = ReadLine(connection.get());
  absl::string_view number = answer;
  std::size_t healed = 0;
  if (absl::ConsumePrefix(&number, "healed ") && absl::SimpleAtoi(number, &healed)) return healed;
  return absl::DeadlineExceededError(absl::StrCat("the agent at ", path, " does not answer"));
}

}  // namespace faultline
