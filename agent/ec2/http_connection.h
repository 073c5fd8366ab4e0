#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "agent/ec2/metadata_endpoint.h"
#include "common/clock.h"
#include "common/unique_fd.h"

struct event;
struct event_base;
struct evhttp_connection;

namespace faultline {

struct HttpRequest {
  enum class Method { kGet, kPut };

  Method method = Method::kGet;
  std::string path;
  // Name and value.
  std::pair<std::string, std::string> header;
};

struct HttpAnswer {
  int code = 0;
  std::string body;
};

// One connection to a server, kept open from request to request and made anew when it was closed. Follows no redirect,
// asks no proxy and no name service. An answer's body is at most 64 KiB, its head 8 KiB. One thread at a time but for
// Stop.
class HttpConnection {
 public:
  static absl::StatusOr<std::unique_ptr<HttpConnection>> Make(const MetadataEndpoint& endpoint);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // The answer, whatever its code. UNAVAILABLE: there is nobody, or he hung up; DEADLINE_EXCEEDED: not within
  // `patience`, however slowly it comes; DATA_LOSS: it is no HTTP, or too long; CANCELLED: stopped. Each names the
  // endpoint.
  absl::StatusOr<HttpAnswer> Send(const HttpRequest& request, Duration patience);
  // Whether the request that was last not answered in time had reached a connection: somebody is there.
  bool was_connected() const { return was_connected_; }

  // Ends what is under way, and all that is yet to come. Any thread.
  void Stop();

 private:
  struct Exchange;
  struct Deleter {
    void operator()(event_base* base) const;
    void operator()(event* one) const;
    void operator()(evhttp_connection* connection) const;
  };

  explicit HttpConnection(const MetadataEndpoint& endpoint) : endpoint_(endpoint) {}
  absl::Status Begin(const HttpRequest& request, Exchange& exchange);
  absl::Status Await(Exchange& exchange, MonotonicTime deadline);
  absl::Status Error(absl::StatusCode code, const char* what) const;

  const MetadataEndpoint endpoint_;
  std::atomic<bool> stopped_{false};
  // An eventfd: written to once, to stop.
  UniqueFd stop_;
  std::unique_ptr<event_base, Deleter> base_;
  std::unique_ptr<event, Deleter> stop_event_;
  // Null when there is none that can be used.
  std::unique_ptr<evhttp_connection, Deleter> connection_;
  bool was_connected_ = false;
};

}  // namespace faultline
