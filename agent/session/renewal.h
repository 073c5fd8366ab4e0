#pragma once

#include <grpcpp/client_context.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/identity/certificate.h"
#include "common/rpc/credentials.h"

namespace faultline {

// How long to wait before looking again at a certificate that is to be renewed at `due` and ends at `end`: until it is
// due, and then a twentieth of what is left; not longer than an hour, as calendars are put right and files replaced.
Duration PauseBeforeRenewal(WallTime due, WallTime end, WallTime now);

// Whether `made`, which a controller gave in place of `present`, can be taken into use: of the same node, signed by one
// of `authorities`, begun by this host's calendar and not ended. FAILED_PRECONDITION says why not.
absl::Status CheckRenewed(const Certificate& made, const Certificate& present,
                          const std::vector<Certificate>& authorities, WallTime now);

// Keeps a node's certificate from ending, for as long as the object lives: when two thirds of its time are over, asks
// the controller for the next one, for the same key, and puts that into the file, if it is good here (CheckRenewed). A
// controller that makes none (an authority of the owner's own) is asked again, seldom.
//
// One thread, which logs what it does. The clock must outlive it.
class Renewal {
 public:
  // `redial` is called after each renewal, from that thread, until it says that it has: a session lasts no longer than
  // the certificate that it began with, and is best ended when nothing depends on it.
  Renewal(const Clock& clock, std::string controller, Security security, std::function<bool()> redial);
  // Breaks off what it does.
  ~Renewal();

  Renewal(const Renewal&) = delete;
  Renewal& operator=(const Renewal&) = delete;

 private:
  void Loop();
  // Whether the certificate was renewed. Sets `pause` to how long to wait before the next time.
  absl::StatusOr<bool> RenewIfDue(Duration& pause);
  absl::StatusOr<std::string> AskForNext(const std::string& request);
  // False when it is to stop.
  bool Wait(Duration pause);

  const Clock& clock_;
  const std::string controller_;
  const Security security_;
  const std::function<bool()> redial_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  // Of the call under way; null between two.
  grpc::ClientContext* context_ = nullptr;
  // The thread's own: a renewed certificate is not in use yet.
  bool unused_ = false;
  std::thread thread_;
};

}  // namespace faultline
