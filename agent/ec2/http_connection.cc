#include "agent/ec2/http_connection.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr int kMostHeaderBytes = 8 << 10;
constexpr int kMostBodyBytes = 64 << 10;

// While one lives, a server that has gone does not end the process.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~WithoutSigpipe() {
    const timespec at_once{};
    while (sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
};

bool HasPeer(evhttp_connection* connection) {
  const int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  return fd >= 0 && getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
}

}  // namespace

// What libevent's callbacks tell of one request.
struct HttpConnection::Exchange {
  bool over = false;
  std::optional<HttpAnswer> answer;
  std::optional<evhttp_request_error> error;

  static void OnAnswer(evhttp_request* request, void* self) {
    auto& exchange = *static_cast<Exchange*>(self);
    exchange.over = true;
    // Nobody to connect to, or no answer.
    if (request == nullptr || evhttp_request_get_response_code(request) == 0) return;
    evbuffer* const body = evhttp_request_get_input_buffer(request);
    HttpAnswer answer{.code = evhttp_request_get_response_code(request), .body = {}};
    answer.body.resize(evbuffer_get_length(body));
    evbuffer_copyout(body, answer.body.data(), answer.body.size());
    exchange.answer = std::move(answer);
  }
  static void OnError(evhttp_request_error error, void* self) { static_cast<Exchange*>(self)->error = error; }
};

void HttpConnection::Deleter::operator()(event_base* base) const { event_base_free(base); }
void HttpConnection::Deleter::operator()(event* one) const { event_free(one); }
void HttpConnection::Deleter::operator()(evhttp_connection* connection) const { evhttp_connection_free(connection); }

absl::StatusOr<std::unique_ptr<HttpConnection>> HttpConnection::Make(const MetadataEndpoint& endpoint) {
  std::unique_ptr<HttpConnection> made(new HttpConnection(endpoint));
  made->stop_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!made->stop_) return ErrnoError(errno, "instance metadata: making an eventfd");
  made->base_.reset(event_base_new());
  if (made->base_ != nullptr) {
    const auto wake = [](int, short, void* base) { event_base_loopbreak(static_cast<event_base*>(base)); };
    made->stop_event_.reset(event_new(made->base_.get(), made->stop_.get(), EV_READ, wake, made->base_.get()));
  }
  if (made->stop_event_ == nullptr || event_add(made->stop_event_.get(), nullptr) != 0) {
    return absl::ResourceExhaustedError("instance metadata: cannot make an event loop");
  }
  return made;
}

HttpConnection::~HttpConnection() = default;

absl::Status HttpConnection::Error(absl::StatusCode code, const char* what) const {
  return absl::Status(code, absl::StrCat(endpoint_.ToString(), ": ", what));
}

absl::StatusOr<HttpAnswer> HttpConnection::Send(const HttpRequest& request, Duration patience) {
  const SystemClock clock;
  const MonotonicTime deadline = clock.Now() + patience;
  const WithoutSigpipe block;
  was_connected_ = false;
  while (true) {
    const bool kept = connection_ != nullptr;
    Exchange exchange;
    absl::Status status = Begin(request, exchange);
    if (status.ok()) status = Await(exchange, deadline);
    if (status.ok()) return *std::move(exchange.answer);
    connection_.reset();
    // One that was kept may have been closed meanwhile, which shows only when it is used.
    if (!kept || !absl::IsUnavailable(status)) return status;
  }
}

absl::Status HttpConnection::Begin(const HttpRequest& request, Exchange& exchange) {
  if (connection_ == nullptr) {
    connection_.reset(
        evhttp_connection_base_new(base_.get(), nullptr, endpoint_.address.ToString().c_str(), endpoint_.port));
    if (connection_ == nullptr) return Error(absl::StatusCode::kResourceExhausted, "no memory for a connection");
    evhttp_connection_set_retries(connection_.get(), 0);
    evhttp_connection_set_max_headers_size(connection_.get(), kMostHeaderBytes);
    evhttp_connection_set_max_body_size(connection_.get(), kMostBodyBytes);
  }
  evhttp_request* const made = evhttp_request_new(&Exchange::OnAnswer, &exchange);
  if (made == nullptr) return Error(absl::StatusCode::kResourceExhausted, "no memory for a request");
  evhttp_request_set_error_cb(made, &Exchange::OnError);
  evkeyvalq* const headers = evhttp_request_get_output_headers(made);
  evhttp_add_header(headers, "Host", endpoint_.Host().c_str());
  if (!request.header.first.empty()) {
    evhttp_add_header(headers, request.header.first.c_str(), request.header.second.c_str());
  }
  const evhttp_cmd_type method = request.method == HttpRequest::Method::kPut ? EVHTTP_REQ_PUT : EVHTTP_REQ_GET;
  // The connection owns the request from here on.
  if (evhttp_make_request(connection_.get(), made, method, request.path.c_str()) != 0) {
    return Error(absl::StatusCode::kUnavailable, "cannot be asked");
  }
  return absl::OkStatus();
}

absl::Status HttpConnection::Await(Exchange& exchange, MonotonicTime deadline) {
  const SystemClock clock;
  const auto nothing = [](int, short, void*) {};
  const std::unique_ptr<event, Deleter> late(event_new(base_.get(), -1, 0, nothing, nullptr));
  while (!exchange.over) {
    if (stopped_) return Error(absl::StatusCode::kCancelled, "stopped");
    const Duration left = deadline - clock.Now();
    if (left <= Duration(0)) {
      was_connected_ = HasPeer(connection_.get());
      return Error(absl::StatusCode::kDeadlineExceeded, "no answer in time");
    }
    // Anew each time: libevent's clock is coarse, and a timer of it may be a tick early.
    const auto us = std::chrono::ceil<std::chrono::microseconds>(left).count();
    const timeval until{.tv_sec = us / 1'000'000, .tv_usec = us % 1'000'000};
    if (late == nullptr || event_add(late.get(), &until) != 0) {
      return Error(absl::StatusCode::kResourceExhausted, "no memory for a timer");
    }
    event_base_loop(base_.get(), EVLOOP_ONCE);
  }
  if (exchange.answer) return absl::OkStatus();
  if (exchange.error == EVREQ_HTTP_DATA_TOO_LONG) return Error(absl::StatusCode::kDataLoss, "the answer is too long");
  if (exchange.error == EVREQ_HTTP_INVALID_HEADER) return Error(absl::StatusCode::kDataLoss, "the answer is no HTTP");
  if (exchange.error) return Error(absl::StatusCode::kUnavailable, "hung up");
  return Error(absl::StatusCode::kUnavailable, "cannot connect");
}

void HttpConnection::Stop() {
  stopped_ = true;
  // Cannot fail: the counter of an eventfd of ours has room.
  eventfd_write(stop_.get(), 1);
}

}  // namespace faultline
