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

absl::StatusOr<std::string> Ask(const UniqueFd& connection, absl::string_view request, const std::string& path) {
  if (send(connection.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    return ErrnoError(errno, absl::StrCat("writing to ", path));
  }
  std::string answer = ReadLocal(connection.get(), Until::kEnd);
  if (answer.empty()) return Silent(path);
  return answer;
}

}  // namespace

absl::StatusOr<std::size_t> AskToHeal(const std::string& runtime_folder) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string path, LocalSocketPath(runtime_folder));
  FAULTLINE_ASSIGN_OR_RETURN(const UniqueFd connection, Connect(path));
  FAULTLINE_ASSIGN_OR_RETURN(const std::string answer, Ask(connection, kAskHeal, path));
  return ParseHealed(answer);
}

absl::StatusOr<LogLevel> AskForLogLevel(const std::string& runtime_folder, std::optional<LogLevel> level) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string path, LocalSocketPath(runtime_folder));
  FAULTLINE_ASSIGN_OR_RETURN(const UniqueFd connection, Connect(path));
  FAULTLINE_ASSIGN_OR_RETURN(const std::string answer, Ask(connection, FormatAskLogLevel(level), path));
  return ParseLogLevelAnswer(answer);
}

LocalAgent AskForStatus(const std::string& runtime_folder) {
  LocalAgent agent{.pid = std::nullopt, .status = LocalStatus()};
  const auto ask = [&agent, &runtime_folder]() -> absl::StatusOr<LocalStatus> {
    FAULTLINE_ASSIGN_OR_RETURN(const std::string path, LocalSocketPath(runtime_folder));
    FAULTLINE_ASSIGN_OR_RETURN(const UniqueFd connection, Connect(path));
    ucred listener{};
    socklen_t size = sizeof(listener);
    if (getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &listener, &size) == 0) agent.pid = listener.pid;
    FAULTLINE_ASSIGN_OR_RETURN(const std::string answer, Ask(connection, kAskStatus, path));
    return ParseStatus(answer);
  };
  agent.status = ask();
  return agent;
}

}  // namespace faultline
