import Foundation
import Testing

@testable import Server

@Suite(
    "TLS, seen by other programs", .serialized, .enabled(if: Tools.areThere, "needs openssl, curl, python3"))
struct CertificateTests {
    /// Makes a self-signed P-256 pair for a name.
    private static func pair(_ name: String, in folder: URL, days: Int = 30) {
        let result = Tools.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-days", "\(days)", "-keyout",
            folder.appending(path: "\(name).key").path, "-out", folder.appending(path: "\(name).crt").path,
        ])
        #expect(result.status == 0, "\(result.output)")
    }

    /// Makes a pair that expired years ago. `openssl req` takes no dates on older systems, `openssl ca` does.
    private static func expiredPair(_ name: String, in folder: URL) throws {
        pair(name, in: folder)
        let place = folder.appending(path: "ca")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        for (file, text) in [
            ("index.txt", ""), ("serial", "01\n"),
            (
                "ca.cnf",
                "[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\nserial=serial\npolicy=p\n[p]\ncommonName=supplied\n"
            ),
        ] {
            try Data(text.utf8).write(to: place.appending(path: file))
        }
        let (key, certificate) = ("../\(name).key", "../\(name).crt")
        let script = """
            cd '\(place.path)' && openssl req -new -key \(key) -subj /CN=\(name) -out request.csr &&
            openssl ca -batch -config ca.cnf -selfsign -keyfile \(key) -in request.csr -md sha256 -outdir . -notext \
                -startdate 20200101000000Z -enddate 20200201000000Z -out \(certificate)
            """
        let result = Tools.run(["sh", "-c", script])
        #expect(result.status == 0, "\(result.output)")
    }

    /// Puts a pair in the place of the served one.
    private func install(_ pair: String, in folder: URL, key: String? = nil) throws {
        for (from, to) in [("\(pair).crt", "tls.crt"), ("\(key ?? pair).key", "tls.key")] {
            let bytes = try Data(contentsOf: folder.appending(path: from))
            try bytes.write(to: folder.appending(path: to), options: .atomic)
        }
    }

    private func server(clients: Bool = false) throws -> TestServer {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ruled-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        Self.pair("first", in: folder)
        try install("first", in: folder)
        try FileManager.default.copyItem(
            at: folder.appending(path: "first.crt"), to: folder.appending(path: "clients.crt"))
        let files = ServerConfiguration.CertificateFiles(
            certificate: folder.appending(path: "tls.crt").path, key: folder.appending(path: "tls.key").path,
            clientAuthorities: clients ? folder.appending(path: "clients.crt").path : nil)
        return try TestServer(tls: .files(files)) { configuration, _ in configuration.failsClosed = false }
    }

    private func folder(of server: TestServer) throws -> URL {
        guard case .files(let files) = server.tls else { throw CocoaError(.fileNoSuchFile) }
        return URL(filePath: files.certificate).deletingLastPathComponent()
    }

    /// The name in the certificate that is served.
    private func served(_ server: TestServer) -> String {
        let output = Tools.run(["openssl", "s_client", "-connect", "127.0.0.1:\(server.port)"]).output
        return ["first", "second", "third"].first { output.contains("CN = \($0)") || output.contains("CN=\($0)") }
            ?? output
    }

    @Test("curl, openssl and Python's ssl are answered, and nothing below TLS 1.2 is")
    func clients() throws {
        let server = try server()
        let folder = try folder(of: server)
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = "https://127.0.0.1:\(server.port)/mutate?timeout=10s"
        let authority = folder.appending(path: "first.crt").path
        let review = TestServer.reviews.appending(path: "create-nginx-no-tag.json").path
        let curl = Tools.run([
            "curl", "-sS", "--cacert", authority, "-H", "Content-Type: application/json", "--data-binary", "@\(review)",
            url,
        ])
        #expect(curl.output.contains("\"patchType\":\"JSONPatch\""))
        for (version, works) in [("-tls1_2", true), ("-tls1_3", true), ("-tls1_1", false)] {
            let result = Tools.run(
                ["openssl", "s_client", "-connect", "127.0.0.1:\(server.port)", "-alpn", "h2,http/1.1", version])
            #expect(result.output.contains("ALPN protocol: http/1.1") == works, "\(version)")
        }
        let python = Tools.run(
            ["python3", "-c", Self.python, authority, "\(server.port)", review])
        #expect(python.output == "200 200\n")
    }

    private static let python = """
        import http.client, ssl, sys
        context = ssl.create_default_context(cafile=sys.argv[1])
        connection = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[2]), context=context, timeout=10)
        statuses = []
        for _ in range(2):
            connection.request("POST", "/mutate", open(sys.argv[3], "rb").read(), {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            statuses.append(str(response.status))
        print(" ".join(statuses))
        """

    @Test("a new pair is served, and a mismatched, expired, half written or missing one is not")
    func reload() throws {
        let server = try server()
        let folder = try folder(of: server)
        defer { try? FileManager.default.removeItem(at: folder) }
        Self.pair("second", in: folder)
        Self.pair("third", in: folder)
        #expect(served(server) == "first")
        try install("second", in: folder)
        #expect(server.eventually { served(server) == "second" })
        func refuses(_ reason: String, _ change: () throws -> Void) throws {
            try change()
            let isSaid = try server.eventually { try server.get("/readyz?verbose").text.contains(reason) }
            #expect(isSaid, "\(reason)")
            #expect(served(server) == "second")
            #expect(try server.get("/readyz").status == 200)
        }
        try refuses("the key does not belong") { try install("third", in: folder, key: "first") }
        let certificate = folder.appending(path: "tls.crt")
        try refuses("the certificate is not PEM") {
            try Data(contentsOf: folder.appending(path: "third.crt")).prefix(200).write(to: certificate)
        }
        try Self.expiredPair("old", in: folder)
        try refuses("expired") { try install("old", in: folder) }
        try refuses("cannot be read") { try FileManager.default.removeItem(at: certificate) }
        try install("third", in: folder)
        #expect(server.eventually { served(server) == "third" })
        #expect(try server.metric("ruled_last_reload_successful{what=\"certificate\"}") == 1)
        try install("second", in: folder, key: "third")
        #expect(try server.eventually { try server.metric("ruled_last_reload_successful{what=\"certificate\"}") == 0 })
        // What was served all the time comes back.
        try install("third", in: folder)
        #expect(try server.eventually { try server.metric("ruled_last_reload_successful{what=\"certificate\"}") == 1 })
        #expect(!server.lines.all.contains { $0.contains("PRIVATE") })
    }

    @Test("a certificate that is not valid now is refused")
    func validity() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ruled-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        Self.pair("first", in: folder, days: 2)
        let chain = Array(try Data(contentsOf: folder.appending(path: "first.crt")))
        let key = Array(try Data(contentsOf: folder.appending(path: "first.key")))
        let now = DateClock.now
        _ = try ServingCertificate(chain: chain, key: key, clientAuthorities: nil, now: now + 10)
        for (time, word) in [(now + 3 * 86_400, "expired"), (now - 86_400, "not valid before")] {
            do throws(CertificateFailure) {
                _ = try ServingCertificate(chain: chain, key: key, clientAuthorities: nil, now: time)
                Issue.record("it was taken")
            } catch {
                #expect(error.reason.contains(word))
            }
        }
    }

    @Test("with a client CA, only clients with one of its certificates are answered")
    func clientCertificates() throws {
        let server = try server(clients: true)
        let folder = try folder(of: server)
        defer { try? FileManager.default.removeItem(at: folder) }
        let review = TestServer.reviews.appending(path: "create-nginx-no-tag.json").path
        let call = [
            "curl", "-sSk", "-H", "Content-Type: application/json", "--data-binary", "@\(review)",
            "https://127.0.0.1:\(server.port)/mutate",
        ]
        #expect(!Tools.run(call).output.contains("patch"))
        Self.pair("second", in: folder)
        func with(_ name: String) -> String {
            let path = folder.appending(path: name).path
            return Tools.run(call + ["--cert", path + ".crt", "--key", path + ".key"]).output
        }
        #expect(!with("second").contains("patch"))
        #expect(with("first").contains("patch"))
        let authorities = folder.appending(path: "clients.crt")
        // Half a file changes nothing; another authority does, for new connections.
        let second = try Data(contentsOf: folder.appending(path: "second.crt"))
        try second.prefix(200).write(to: authorities, options: .atomic)
        let last = "ruled_last_reload_successful{what=\"certificate\"}"
        #expect(try server.eventually { try server.metric(last) == 0 })
        #expect(with("first").contains("patch"))
        try second.write(to: authorities, options: .atomic)
        #expect(server.eventually { with("second").contains("patch") })
        #expect(!with("first").contains("patch"))
        // Authorities of which none is valid any more are refused, and the last ones stay.
        try Self.expiredPair("old", in: folder)
        let old = try Data(contentsOf: folder.appending(path: "old.crt"))
        try old.write(to: authorities, options: .atomic)
        #expect(try server.eventually { try server.get("/readyz?verbose").text.contains("client CA expired") })
        #expect(try server.metric(last) == 0)
        #expect(with("second").contains("patch"))
        try (old + Data(contentsOf: folder.appending(path: "first.crt"))).write(to: authorities, options: .atomic)
        #expect(server.eventually { with("first").contains("patch") })
    }

    @Test("why TLS failed is said in words, without a library's own")
    func failuresInWords() throws {
        let server = try server(clients: true)
        let folder = try folder(of: server)
        defer { try? FileManager.default.removeItem(at: folder) }
        Self.pair("second", in: folder)
        let url = "https://127.0.0.1:\(server.port)/mutate"
        let second = folder.appending(path: "second").path
        func said(_ reason: String) -> Bool {
            server.eventually { server.lines.all.contains { $0.contains("TLS failed") && $0.contains(reason) } }
        }
        _ = Tools.run(["curl", "-sSk", url])
        #expect(said("the client gave no certificate"))
        _ = Tools.run(["curl", "-sSk", url, "--cert", second + ".crt", "--key", second + ".key"])
        #expect(said("the client's certificate is not of --client-ca"))
        _ = Tools.run(["curl", "-sS", url])
        #expect(said("does not trust the certificate that is served"))
        _ = Tools.run(["curl", "-sS", url, "--tls-max", "1.2"])
        #expect(said("the client does not trust the certificate that is served (unknown ca)"))
        _ = Tools.run(["curl", "-sS", "http://127.0.0.1:\(server.port)/mutate"])
        #expect(said("the client spoke HTTP without TLS"))
        _ = Tools.run([
            "openssl", "s_client", "-connect", "127.0.0.1:\(server.port)", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0",
        ])
        #expect(said("the client speaks no TLS 1.2 or later"))
        let client = try server.connect()
        client.send([0x16, 0x03, 0x01, 0x00, 0x05, 0x63, 0x00, 0x00, 0x01, 0x00])
        #expect(client.isClosed(within: 10))
        #expect(!server.lines.all.contains { $0.contains("BoringSSL") || $0.contains(".cc") }, "\(server.lines.all)")
    }

    @Test("a key that is encrypted, or of a size that is not taken, is called so")
    func unusualKeys() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ruled-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        Self.pair("first", in: folder)
        func path(_ name: String) -> String { folder.appending(path: name).path }
        func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: name))) }
        func expect(_ word: String, _ chain: [UInt8], _ key: [UInt8]) {
            do throws(CertificateFailure) {
                _ = try ServingCertificate(chain: chain, key: key, clientAuthorities: nil, now: DateClock.now + 10)
                Issue.record("it was taken")
            } catch {
                #expect(error.reason.contains(word), "\(error.reason)")
            }
        }
        for arguments in [["pkcs8", "-topk8", "-v2", "aes256"], ["ec", "-aes256"]] {
            let result = Tools.run(
                ["openssl"] + arguments + ["-passout", "pass:x", "-in", path("first.key"), "-out", path("secret.key")])
            #expect(result.status == 0, "\(result.output)")
            expect("is encrypted", try bytes("first.crt"), try bytes("secret.key"))
        }
        let small = Tools.run([
            "openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=x", "-keyout", path("small.key"),
            "-out", path("small.crt"),
        ])
        #expect(small.status == 0, "\(small.output)")
        expect("2048", try bytes("small.crt"), try bytes("small.key"))
        expect("2048", try bytes("first.crt"), try bytes("small.key"))
    }

    @Test("metrics are clean for promtool", .enabled(if: Tools.has("promtool"), "needs promtool"))
    func promtool() throws {
        let server = try TestServer()
        _ = try server.post(TestServer.pod())
        _ = try server.post(TestServer.pod("%%"))
        let text = try server.get("/metrics").text
        let result = Tools.run(["promtool", "check", "metrics"], input: Data(text.utf8))
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.isEmpty, "\(result.output)")
    }
}
