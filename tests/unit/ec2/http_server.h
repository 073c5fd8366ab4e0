#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/ec2/metadata_endpoint.h"
#include "common/unique_fd.h"

namespace faultline {

// What a client asked; header names in lower case.
struct ServedRequest {
  std::string method;
  std::string path;
  std::map<std::string, std::string> headers;
};

// Answers requests on a free port of 127.0.0.1 with whatever bytes it is told to, one connection after the other.
class HttpServer {
 public:
  // Called on the server's thread. nullopt: no answer, ever; "": the connection is closed.
  using Answer = std::function<std::optional<std::string>(const ServedRequest&)>;

  explicit HttpServer(Answer answer) : answer_(std::move(answer)), socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(socket_.get(), 8);
    socklen_t size = sizeof address;
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    endpoint_ = {.address = *IpAddress::Parse("127.0.0.1"), .port = ntohs(address.sin_port)};
    thread_ = std::thread([this] { Serve(); });
  }
  // The client must have closed its connections, or close them.
  ~HttpServer() {
    shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  const MetadataEndpoint& endpoint() const { return endpoint_; }
  int connections() const { return connections_; }

  static std::string Text(int code, const std::string& body) {
    return absl::StrCat("HTTP/1.1 ", code, " Words\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
  }

 private:
  void Serve() {
    while (true) {
      const UniqueFd client(accept(socket_.get(), nullptr, nullptr));
      if (!client) return;
      ++connections_;
      std::string text;
      bool mute = false;
      std::array<char, 4096> buffer;
      for (ssize_t size = 0; (size = recv(client.get(), buffer.data(), buffer.size(), 0)) > 0;) {
        text.append(buffer.data(), static_cast<std::size_t>(size));
        const std::size_t end = text.find("\r\n\r\n");
        if (mute || end == std::string::npos) continue;
        const std::optional<std::string> answer = answer_(Parse(text.substr(0, end)));
        text.erase(0, end + 4);
        mute = !answer;
        if (answer == "") break;
        if (answer) send(client.get(), answer->data(), answer->size(), MSG_NOSIGNAL);
      }
    }
  }

  static ServedRequest Parse(const std::string& head) {
    const std::vector<std::string> lines = absl::StrSplit(head, "\r\n");
    const std::vector<std::string> words = absl::StrSplit(lines[0], ' ');
    ServedRequest request{.method = words[0], .path = words[1], .headers = {}};
    for (std::size_t i = 1; i < lines.size(); ++i) {
      const std::pair<std::string, std::string> header = absl::StrSplit(lines[i], absl::MaxSplits(": ", 1));
      request.headers[absl::AsciiStrToLower(header.first)] = header.second;
    }
    return request;
  }

  const Answer answer_;
  const UniqueFd socket_;
  MetadataEndpoint endpoint_;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

}  // namespace faultline
