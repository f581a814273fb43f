import ArgumentParser
import Cluster
import Server

/// `ruled certs manage`: keeps the CA of a release and the bundles that trust it.
struct CertsManage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manage",
        abstract: "Keeps the CA in a Secret, and the caBundle of webhook configurations.",
        discussion: """
            It makes the CA where there is none, renews it long before it expires, and writes it into the webhooks that \
            call the Service. A bundle or a Secret that somebody loses comes back within seconds. It runs as a \
            Deployment of its own, with a service account of its own, and nobody sends it anything. The replicas issue \
            themselves certificates from the Secret: `ruled serve --tls kubernetes`.

            Exit codes: 0 stopped by a signal, 2 could not run.
            """)

    @Option(help: ArgumentHelp("The release's namespace; the pod's own if not given.", valueName: "name"))
    var namespace: String?

    @Option(help: ArgumentHelp("The Secret that holds the CA.", valueName: "namespace/name"))
    var caSecret: SecretName

    @Option(
        help: ArgumentHelp(
            "The Service that webhooks call; without it, every Service of the namespace.", valueName: "name"))
    var serviceName: String?

    @Option(help: ArgumentHelp("A host of webhooks that call a URL; may be repeated.", valueName: "host"))
    var dnsName: [String] = []

    @Option(help: ArgumentHelp("A MutatingWebhookConfiguration to keep; may be repeated.", valueName: "name"))
    var mutatingWebhook: [String] = []

    @Option(help: ArgumentHelp("A ValidatingWebhookConfiguration to keep; may be repeated.", valueName: "name"))
    var validatingWebhook: [String] = []

    @Option(help: ArgumentHelp("Where health and metrics are served, without TLS.", valueName: "host:port"))
    var adminListen = "0.0.0.0:9090"

    @OptionGroup(title: "The API server") var cluster: ClusterOptions
    @OptionGroup(title: "Logging") var logging: LoggingOptions

    func validate() throws {
        if mutatingWebhook.isEmpty, validatingWebhook.isEmpty {
            throw ValidationError("name a configuration with --mutating-webhook or --validating-webhook")
        }
        _ = try configurations()
        _ = try address()
    }

    func run() throws {
        let secret = try caSecret.secret(in: namespace)
        let address = try address()
        let client = cluster.client()
        let log = logging.log
        let manager = CertificateManager(
            secret: secret, configurations: try configurations(), service: serviceName, hosts: dnsName, client: client,
            log: log)
        let signals = EndSignals()
        do throws(ServerFailure) {
            let health = try HealthServer(
                listen: address,
                answers: .init(
                    isReady: { manager.isReady }, details: { manager.problem.map { [$0] } ?? [] },
                    metrics: { manager.metricsText() }), log: log)
            let task = clusterTask { await manager.run() }
            signals.wait()
            task.cancel()
            health.stop()
            log.flush()
        } catch {
            log.flush()
            Console(color: .auto).fail(error.reason)
        }
    }

    private func address() throws -> ServerConfiguration.Address { try .init(adminListen, of: "--admin-listen") }

    private func configurations() throws -> [WebhookConfiguration] {
        let kinds: [(WebhookConfiguration.Kind, [String], String)] = [
            (.mutating, mutatingWebhook, "--mutating-webhook"),
            (.validating, validatingWebhook, "--validating-webhook"),
        ]
        return try kinds.flatMap { kind, names, option in
            try names.map { name in
                guard let configuration = WebhookConfiguration(kind, name: name) else {
                    throw ValidationError("`\(name)` in \(option) cannot name a webhook configuration")
                }
                return configuration
            }
        }
    }
}
