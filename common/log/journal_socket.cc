#include "common/log/journal_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr char kJournal[] = "/run/systemd/journal/socket";

}  // namespace

bool LeadsTo(int descriptor, absl::string_view stream) {
  struct stat found {};
  return fstat(descriptor, &found) == 0 && stream == absl::StrCat(found.st_dev, ":", found.st_ino);
}

std::string JournalOfStandardError() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  if (stream == nullptr || !LeadsTo(STDERR_FILENO, stream) || access(kJournal, W_OK) != 0) return "";
  return kJournal;
}

absl::StatusOr<JournalSocket> JournalSocket::Open(std::string path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is too long for a socket's name"));
  }
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return ErrnoError(errno, "making a socket for the journal");
  return JournalSocket(std::move(socket), std::move(path));
}

absl::Status JournalSocket::Send(absl::string_view datagram) const {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::memcpy(address.sun_path, path_.data(), path_.size());
  ssize_t sent = -1;
  do {
    sent = sendto(socket_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? ErrnoError(errno, absl::StrCat("sending to ", path_)) : absl::OkStatus();
}

}  // namespace faultline
