import NIOHTTP1
import Testing

@testable import Server

@Suite("Heads of requests")
struct RequestHeadTests {
    private func read(_ method: HTTPMethod = .POST, _ uri: String = "/mutate", _ fields: (String, String)...)
        -> RequestHead
    {
        RequestHead(HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: HTTPHeaders(fields)))
    }

    @Test("names of fields know no case, and of a field that stands twice the first counts")
    func fields() {
        let head = read(
            .POST, "/mutate", ("CONTENT-TYPE", "application/json"), ("Content-Length", "12"), ("content-length", "13"),
            ("Content-Encoding", "GZIP"), ("eXpect", "100-Continue"), ("Transfer-Encoding", "Chunked"),
            ("content-typo", "text/plain"), ("x-content-type", "text/plain"))
        let expected = RequestHead(
            contentLength: 12, transferEncoding: "chunked", contentEncoding: "gzip", expectsContinue: true)
        #expect(head == expected)
    }

    @Test("a length that no number holds is still a length, and too long")
    func hugeLength() {
        #expect(read(.POST, "/", ("Content-Length", "9223372036854775808")).contentLength == .max)
    }

    @Test("a head without fields has none")
    func bare() {
        #expect(read() == RequestHead(contentType: ""))
        #expect(!read(.POST, "/mutate", ("Upgrade", "h2c")).isKeepAlive)
        #expect(!read(.CONNECT).isKeepAlive)
    }

    @Test(
        "a media type is compared without case, blanks and parameters",
        arguments: [
            "application/json", "application/json; charset=utf-8", "Application/JSON ;charset=utf-8",
            " application/json",
        ])
    func mediaType(_ value: String) {
        #expect(read(.POST, "/mutate", ("content-type", value)).contentType == "application/json")
    }

    @Test(
        "the target ends at the first `?`",
        arguments: [
            ("/a", "/a", ""), ("/a?", "/a", ""), ("/a?b?c", "/a", "b?c"), ("?b", "", "b"), ("", "", ""),
            ("http://x/mutate?a=b", "/mutate", "a=b"), ("HTTPS://x:1/a", "/a", ""), ("http://x", "/", ""),
            ("http://x?a=/b", "/", "a=/b"), ("*", "*", ""), ("/http://x/y", "/http://x/y", ""),
        ])
    func target(_ uri: String, _ path: String, _ query: String) {
        let head = read(.GET, uri)
        #expect(head.path == path)
        #expect(head.query == query)
        #expect(head.method == "GET")
    }
}
