#include "agent/local_client.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "agent/local_socket.h"
#include "common/status.h"
#include "common/unique_fd.h"

namespace faultline {
namespace {

// Of whoever is hung up on before it has asked.
constexpr int kTries = 3;

absl::Status Silent(const std::string& path) {
  return absl::DeadlineExceededError(absl::StrCat("the agent at ", path, " does not answer"));
}

absl::StatusOr<UniqueFd> Connect(const std::string& path) {
  const sockaddr_un address = LocalSocketAddress(path);
  UniqueFd connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection) return ErrnoError(errno, "making a Unix socket");
  SetLocalPatience(connection.get());
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return connection;
  if (errno == ENOENT || errno == ECONNREFUSED) return absl::NotFoundError(absl::StrCat("no agent listens at ", path));
  // So many wait for it that there is no room for one more.
  if (errno == EAGAIN) return Silent(path);
  return ErrnoError(errno, absl::StrCat("connecting to ", path));
}

std::optional<pid_t> ListenerOf(const UniqueFd& connection) {
  ucred listener{};
  socklen_t size = sizeof(listener);
  if (getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &listener, &size) != 0) return std::nullopt;
  return listener.pid;
}

bool HasHungUp(const UniqueFd& connection) {
  char next = 0;
  return recv(connection.get(), &next, sizeof(next), MSG_PEEK | MSG_DONTWAIT) >= 0 || errno == ECONNRESET;
}

// UNAVAILABLE when the agent hangs up without a word.
absl::StatusOr<std::string> AskOnce(const UniqueFd& connection, absl::string_view request, const std::string& path) {
  if (send(connection.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    const int error = errno;
    if (error == EPIPE || error == ECONNRESET) return absl::UnavailableError(absl::StrCat(path, ": hung up"));
    return ErrnoError(error, absl::StrCat("writing to ", path));
  }
  std::string answer = ReadLocal(connection.get(), Until::kEnd);
  if (!answer.empty()) return answer;
  return HasHungUp(connection) ? absl::UnavailableError(absl::StrCat(path, ": hung up")) : Silent(path);
}

// `pid`: of who listens, when that is not null.
absl::StatusOr<std::string> Ask(const std::string& runtime_folder, absl::string_view request,
                                std::optional<pid_t>* pid = nullptr) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string path, LocalSocketPath(runtime_folder));
  // An agent soon gives up whoever connects and says nothing, as one does who gets no processor in between. That one
  // has not been asked yet, and the agent does not hang.
  for (int tries = 0; tries < kTries; ++tries) {
    FAULTLINE_ASSIGN_OR_RETURN(const UniqueFd connection, Connect(path));
    if (pid != nullptr) *pid = ListenerOf(connection);
    absl::StatusOr<std::string> answer = AskOnce(connection, request, path);
    if (!absl::IsUnavailable(answer.status())) return answer;
  }
  return Silent(path);
}

}  // namespace

absl::StatusOr<std::size_t> AskToHeal(const std::string& runtime_folder) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string answer, Ask(runtime_folder, kAskHeal));
  return ParseHealed(answer);
}

absl::StatusOr<LogLevel> AskForLogLevel(const std::string& runtime_folder, std::optional<LogLevel> level) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string answer, Ask(runtime_folder, FormatAskLogLevel(level)));
  return ParseLogLevelAnswer(answer);
}

LocalAgent AskForStatus(const std::string& runtime_folder) {
  LocalAgent agent{.pid = std::nullopt, .status = LocalStatus()};
  const absl::StatusOr<std::string> answer = Ask(runtime_folder, kAskStatus, &agent.pid);
  agent.status = answer.ok() ? ParseStatus(*answer) : answer.status();
  return agent;
}

}  // namespace faultline
