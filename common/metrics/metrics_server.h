#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "common/metrics/families.h"
#include "common/metrics/metrics_address.h"
#include "common/unique_fd.h"

struct event_base;
struct evconnlistener;
struct evhttp;

namespace faultline {

// Answers GET /metrics in Prometheus' text format. One thread, which sleeps until somebody asks; a client that stalls
// holds up no other, and is dropped after some seconds.
class MetricsServer {
 public:
  // Called from the server's thread; what it returns is shown.
  using Collect = std::function<Families()>;

  // Listens, and lets who connects wait for Serve. FAILED_PRECONDITION when the port is in use; other errors as the
  // system has them; all name the address and the key of the configuration.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Listen(const MetricsAddress& address);

  // Stops at once; a Collect that is under way is waited for.
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  // Begins to answer. What `collect` refers to must outlive the server. REQUIRES: called once. INTERNAL or
  // RESOURCE_EXHAUSTED when it cannot.
  absl::Status Serve(Collect collect);

 private:
  struct Deleter {
    void operator()(event_base* base) const;
    void operator()(evhttp* server) const;
    void operator()(evconnlistener* listener) const;
  };

  MetricsServer() = default;
  void Loop();

  Collect collect_;
  // An eventfd: written to once, to stop.
  UniqueFd stop_;
  std::unique_ptr<event_base, Deleter> base_;
  // Until Serve gives it to the server.
  std::unique_ptr<evconnlistener, Deleter> listener_;
  std::unique_ptr<evhttp, Deleter> server_;
  std::thread thread_;
};

}  // namespace faultline
