#pragma once

#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "common/unique_fd.h"
#include "controller/access/pass_book.h"

namespace faultline {

// Tells every process that connects to a Unix socket its user's pass, and hangs up: the kernel says whose process it
// is. Reads nothing, so that nobody can keep it waiting. One thread, which ends with the object; the socket goes then.
class LoginServer {
 public:
  // Takes the place of a socket that an earlier controller has left at `path`; who may connect is as with the
  // controller's own socket. `passes` must outlive the result. Errors name the path.
  static absl::StatusOr<std::unique_ptr<LoginServer>> Start(const std::string& path, PassBook& passes);
  ~LoginServer();
  LoginServer(const LoginServer&) = delete;
  LoginServer& operator=(const LoginServer&) = delete;

 private:
  LoginServer(std::string path, UniqueFd socket, UniqueFd stop, PassBook& passes);
  void Loop();
  // False when there was nobody that could be taken.
  bool Answer();

  const std::string path_;
  const UniqueFd socket_;
  const UniqueFd stop_;
  PassBook& passes_;
  std::thread thread_;
};

}  // namespace faultline
