#pragma once

#include <mutex>

#include "common/clock.h"
#include "controller/cli/client.h"

namespace faultline {

// Calls of one thread, each with a time limit, which another thread can break off. `client` must outlive it.
class Caller {
 public:
  // `patience`: how long a call may take.
  Caller(Client& client, Duration patience) : client_(client), patience_(patience) {}

  // As Client::Call; DEADLINE_EXCEEDED after the time limit, CANCELLED once stopped.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::ControlService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                                 Response*),
                                const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + patience_);
    if (!Begin(context)) return absl::CancelledError("no more calls");
    absl::StatusOr<Response> response = client_.Call(method, request, context);
    End();
    return response;
  }

  // From any thread: ends the call there is, and has every later one fail at once.
  void Stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    if (context_ != nullptr) context_->TryCancel();
  }

 private:
  bool Begin(grpc::ClientContext& context) {
    const std::lock_guard lock(mutex_);
    if (!stopped_) context_ = &context;
    return !stopped_;
  }
  void End() {
    const std::lock_guard lock(mutex_);
    context_ = nullptr;
  }

  Client& client_;
  const Duration patience_;
  std::mutex mutex_;
  // Under mutex_: whether it is stopped, and the context of the call that is under way.
  bool stopped_ = false;
  grpc::ClientContext* context_ = nullptr;
};

}  // namespace faultline
