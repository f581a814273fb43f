import ArgumentParser
import Cluster
import Server

/// `ruled certs write`: a CA and a serving certificate as files.
struct CertsWrite: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "write",
        abstract: "Writes a CA and a serving certificate to files.",
        discussion: """
            For everything that is no cluster, or keeps certificates its own way. DIR gets ca.crt, ca.key, tls.crt and \
            tls.key; the keys are for their owner only.

              ruled certs write certs --service ruled/ruled
              ruled serve --tls-cert certs/tls.crt --tls-key certs/tls.key
              base64 -w0 certs/ca.crt                                         the caBundle

            Exit codes: 0 written, 2 could not run.
            """)

    @Argument(help: "The folder; it is made if it is not there.", completion: .directory)
    var dir: String

    @Option(help: ArgumentHelp("A Service that it is for; may be repeated.", valueName: "namespace/name"))
    var service: [SecretName] = []

    @Option(help: ArgumentHelp("A DNS name that it is for; may be repeated.", valueName: "name"))
    var dnsName: [String] = []

    @Option(help: ArgumentHelp("Days until the serving certificate expires.", valueName: "days"))
    var days = 365

    @Option(help: ArgumentHelp("Days until the CA expires.", valueName: "days"))
    var caDays = 3650

    @Flag(help: "Replace what is there.")
    var force = false

    private var names: [String] { service.map { "\($0.name).\($0.namespace ?? "default").svc" } + dnsName }

    func validate() throws {
        if names.isEmpty { throw ValidationError("say what it is for: --service NAMESPACE/NAME or --dns-name NAME") }
        if let service = service.first(where: { $0.namespace == nil }) {
            throw ValidationError("`\(service.name)` in --service is not NAMESPACE/NAME")
        }
        if let name = names.first(where: { !CertificateBundle.isDNSName($0) }) {
            throw ValidationError("`\(name)` is not a DNS name")
        }
        for (option, value) in [("--days", days), ("--ca-days", caDays)] where !(1...36_500).contains(value) {
            throw ValidationError("\(option) is between 1 and 36500")
        }
        if days > caDays { throw ValidationError("--days is more than --ca-days: nothing outlives its CA") }
    }

    func run() throws {
        let console = Console(color: .auto)
        let bundle: CertificateBundle
        do throws(APIServer.Failure) {
            bundle = try CertificateBundle(names: names, days: days, authorityDays: caDays)
        } catch {
            console.fail(error.reason)
        }
        if !force {
            let there = bundle.files.map { FileSystem.join(dir, $0.name) }.filter {
                FileSystem.kind(of: $0) != .missing
            }
            if let first = there.first {
                throw InputFailure(.inputUnreadable, "`\(first)` is there already", help: ["--force replaces it"])
            }
        }
        do throws(SystemError) {
            try FileSystem.makeDirectory(dir)
        } catch {
            throw InputFailure(.inputUnreadable, "`\(dir)` cannot be made: \(error)")
        }
        for file in bundle.files {
            let path = FileSystem.join(dir, file.name)
            do throws(SystemError) {
                try FileSystem.create(path, with: file.bytes, mode: file.isSecret ? 0o600 : 0o644, replacing: force)
            } catch {
                throw InputFailure(.inputUnreadable, "`\(path)` cannot be written: \(error)")
            }
            console.out.line(path)
        }
        console.flush()
    }
}
