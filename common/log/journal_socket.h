#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/unique_fd.h"

namespace faultline {

// The socket at which systemd's journal takes records, when standard error leads to that journal: $JOURNAL_STREAM then
// names standard error's own device and inode. Empty when it leads elsewhere, or no such socket is to be seen.
std::string JournalOfStandardError();

// Whether `stream`, as $JOURNAL_STREAM has it ("8:30712"), is what this descriptor leads to.
bool LeadsTo(int descriptor, absl::string_view stream);

// Sends to a journal. One thread at a time.
class JournalSocket {
 public:
  // Of the socket at `path`. INVALID_ARGUMENT when that is too long; the operation that failed.
  static absl::StatusOr<JournalSocket> Open(std::string path);

  // One record. Waits while the journal is busy. Finds a journal that was started anew.
  absl::Status Send(absl::string_view datagram) const;

 private:
  JournalSocket(UniqueFd socket, std::string path) : socket_(std::move(socket)), path_(std::move(path)) {}

  UniqueFd socket_;
  std::string path_;
};

}  // namespace faultline
