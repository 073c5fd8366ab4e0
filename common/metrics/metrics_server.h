#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/metrics/families.h"
#include "common/metrics/metrics_address.h"
#include "common/open_connections.h"
#include "common/unique_fd.h"

struct bufferevent;
struct event;
struct event_base;
struct evconnlistener;
struct evhttp;

namespace faultline {

// Answers GET /metrics in Prometheus' text format. One thread, which sleeps until somebody asks; a client that stalls
// holds up no other, and is dropped after some seconds. Who comes when there are as many as there may be waits.
class MetricsServer {
 public:
  // Open at the same time; as many descriptors does it take at most.
  static constexpr std::size_t kMostConnections = 32;

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
    void operator()(event* timer) const;
    void operator()(evhttp* server) const;
    void operator()(evconnlistener* listener) const;
  };

  MetricsServer() = default;
  void Loop();
  // For the connection that was just taken.
  bufferevent* TakeOne();
  // Counts what is open. Takes more if there is room, or counts again in a moment.
  void Count();

  Collect collect_;
  // An eventfd: written to once, to stop.
  UniqueFd stop_;
  std::unique_ptr<event_base, Deleter> base_;
  // Until Serve gives it to the server.
  std::unique_ptr<evconnlistener, Deleter> listener_;
  std::unique_ptr<evhttp, Deleter> server_;
  // The server's.
  evconnlistener* door_ = nullptr;
  std::unique_ptr<event, Deleter> count_;
  // The thread's own: what was taken and has no descriptor yet, and what has.
  std::vector<bufferevent*> new_;
  OpenConnections open_;
  std::thread thread_;
};

}  // namespace faultline
