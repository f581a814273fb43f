import Foundation
import Testing

/// `ruled certs`, as a process.
@Suite struct CertsCommandTests {
    @Test("certs write makes a CA and a certificate for a Service, with keys for their owner only")
    func write() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let folder = scratch.folder.appending(path: "certs").path
        let arguments = ["certs", "write", folder, "--service", "ruled/hook", "--dns-name", "hook.example.com"]
        let run = try CommandLineTool.run(arguments)
        #expect(run.status == 0)
        #expect(run.errors == "")
        for (name, mode) in [("ca.crt", 0o644), ("ca.key", 0o600), ("tls.crt", 0o644), ("tls.key", 0o600)] {
            #expect(run.output.contains("\(folder)/\(name)\n"))
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            #expect(attributes[.posixPermissions] as? Int == mode, "\(name)")
        }
        let first = try Data(contentsOf: URL(filePath: "\(folder)/tls.crt"))
        let again = try CommandLineTool.run(arguments)
        #expect(again.status == 2)
        #expect(again.errors.contains("is there already"))
        #expect(again.errors.contains("--force"))
        #expect(try Data(contentsOf: URL(filePath: "\(folder)/tls.crt")) == first)
        #expect(try CommandLineTool.run(arguments + ["--force"]).status == 0)
        #expect(try Data(contentsOf: URL(filePath: "\(folder)/tls.crt")) != first)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 4)
    }

    @Test(
        "openssl verifies what certs write made",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
    func openssl() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let folder = scratch.folder.path
        let addresses = ["--dns-name", "192.0.2.7", "--dns-name", "2001:db8::7"]
        #expect(try CommandLineTool.run(["certs", "write", folder, "--service", "ruled/hook"] + addresses).status == 0)
        // A client that connects to an address finds it only where it stands as one.
        for (option, host) in [
            ("-verify_hostname", "hook.ruled.svc"), ("-verify_ip", "192.0.2.7"), ("-verify_ip", "2001:db8::7"),
        ] {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/openssl")
            process.arguments = [
                "verify", "-x509_strict", "-CAfile", "\(folder)/ca.crt", option, host, "-purpose", "sslserver",
                "\(folder)/tls.crt",
            ]
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(host)")
        }
    }

    @Test(
        "what does not fit together is said before anything is done",
        arguments: [
            (["certs", "write", "x"], "say what it is for"),
            (["certs", "write", "x", "--service", "hook"], "is not NAMESPACE/NAME"),
            (["certs", "write", "x", "--dns-name", "a b"], "is neither a DNS name nor an IP address"),
            (["certs", "write", "x", "--dns-name", "a", "--days", "10", "--ca-days", "5"], "nothing outlives its CA"),
            (["certs", "manage", "--ca-secret", "a/b"], "name a configuration"),
            (["certs", "manage", "--ca-secret", "a/b", "--mutating-webhook", "A/b"], "cannot name a webhook"),
            (
                ["certs", "manage", "--ca-secret", "a/b", "--namespace", "c", "--mutating-webhook", "x"],
                "--ca-secret says `a`"
            ),
            (
                ["certs", "manage", "--ca-secret", "a/b", "--mutating-webhook", "x"],
                "KUBERNETES_SERVICE_HOST is not set"
            ),
            (["serve", "--tls", "kubernetes"], "--tls kubernetes needs --ca-secret NAMESPACE/NAME"),
            (["serve", "--tls", "off", "--service-name", "x"], "go with --tls kubernetes"),
            (
                ["serve", "--tls", "kubernetes", "--ca-secret", "a/b", "--service-name", "c"],
                "KUBERNETES_SERVICE_HOST is not set"
            ),
            (["serve", "--tls", "off", "--api-server", "http://10.0.0.1"], "is not https://host:port"),
            (["serve", "--tls", "off", "--api-ca", "x"], "go with --api-server"),
            (["explain", "nginx", "--namespace-labels", "auto"], "is for `ruled serve`"),
        ])
    func refused(arguments: [String], message: String) throws {
        let run = try CommandLineTool.run(arguments)
        #expect(run.status == 2)
        #expect(run.errors.contains(message), "\(run.errors)")
    }
}
