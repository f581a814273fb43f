import ArgumentParser
import Cluster
import Server

/// What `ruled serve` asks the cluster for.
struct ServeClusterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The Secret with the CA, for --tls kubernetes.", valueName: "namespace/name"))
    var caSecret: SecretName?

    @Option(help: ArgumentHelp("The Service that the API server calls, for --tls kubernetes.", valueName: "name"))
    var serviceName: String?

    @OptionGroup var server: ClusterOptions

    func check(_ mode: Serve.TLSMode) throws {
        if mode != .kubernetes, caSecret != nil || serviceName != nil {
            throw ValidationError("--ca-secret and --service-name go with --tls kubernetes")
        }
        guard mode == .kubernetes else { return }
        guard let serviceName, let caSecret else {
            throw ValidationError("--tls kubernetes needs --ca-secret NAMESPACE/NAME and --service-name NAME")
        }
        guard CertificateBundle.isDNSName(serviceName), !serviceName.contains(".") else {
            throw ValidationError("`\(serviceName)` in --service-name cannot name a Service")
        }
        _ = try caSecret.secret(in: nil)
    }

    /// Completes a configuration with what the cluster is asked for.
    ///
    /// - Parameters:
    ///   - names: further DNS names of the certificate.
    ///   - setting: where labels of namespaces come from.
    ///   - isFixed: whether the options give the labels already.
    /// - Returns: what has to run beside the server.
    func complete(
        _ configuration: inout ServerConfiguration, names: [String], labels setting: LabelList.Source?, isFixed: Bool,
        log: ServerLog
    ) throws -> [@Sendable () async -> Void] {
        var work: [@Sendable () async -> Void] = []
        var client: KubernetesClient?
        if case .issued(let certificate) = configuration.tls, let caSecret, let serviceName {
            let shared = server.client()
            client = shared
            let issuer = LeafIssuer(
                secret: try caSecret.secret(in: nil), service: serviceName, names: names, certificate: certificate,
                client: shared, log: log)
            configuration.moreMetrics.append { issuer.metricsText() }
            work.append { await issuer.run() }
        }
        if setting == .off {
            configuration.namespaceLabelRefusal =
                "take that out of the rules, or run with --namespace-labels auto in a cluster"
        } else if !isFixed {
            if let absence = server.absence {
                configuration.namespaceLabelRefusal =
                    "\(absence); give --namespace-labels k=v,... or --namespace-file FILE, or name --api-server"
            } else {
                let shared = client ?? server.client()
                client = shared
                let store = NamespaceStore(client: shared, log: log)
                configuration.namespaces = store
                configuration.moreMetrics.append { store.metricsText() }
            }
        }
        if let client { configuration.moreMetrics.append { client.requestText() } }
        return work
    }
}
