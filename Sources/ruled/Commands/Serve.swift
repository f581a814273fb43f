import ArgumentParser
import Cluster
import Engine
import RuleLang
import Server

/// `ruled serve`: the HTTPS admission webhook.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves the rules as an HTTPS admission webhook.",
        discussion: """
            Reviews are answered at POST /mutate, edits of the rules at POST /validate; health, metrics and the live \
            rules on a second listener, without TLS. \
            Rules and certificates are read again when their files change; what is not valid is refused whole, and the \
            last good one stays. SIGTERM drains and stops, SIGHUP reads all files again.

              ruled serve --tls self-signed --namespace-labels pull-through-enabled=true
              ruled serve --rules /etc/ruled/rules --tls-cert tls.crt --tls-key tls.key
              ruled serve --tls kubernetes --ca-secret ruled/ruled-ca --service-name ruled

            Exit codes: 0 stopped by a signal, 2 could not run.
            """
    )

    /// Where the certificate comes from.
    enum TLSMode: String, CaseIterable, ExpressibleByArgument {
        case files
        case selfSigned = "self-signed"
        case kubernetes
        case off
    }

    @OptionGroup var ruleOptions: ServedRuleOptions
    @OptionGroup var namespaces: ServedNamespaceOptions
    @OptionGroup(title: "Listening") var listening: ListeningOptions
    @OptionGroup(title: "The cluster") var cluster: ServeClusterOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "Logging") var logging: LoggingOptions

    @Flag(help: "Refuse what cannot be decided, instead of letting it pass with a warning.")
    var failClosed = false

    @Option(help: ArgumentHelp("Seconds between two looks at the files.", valueName: "seconds"))
    var reloadInterval = 1.0

    @Option(help: ArgumentHelp("Seconds that the check of changed rules may take.", valueName: "seconds"))
    var checkTimeout = 30.0

    @Option(help: ArgumentHelp("Seconds to go on answering after SIGTERM.", valueName: "seconds"))
    var drain = 10.0

    @Option(help: ArgumentHelp("Event loops; 0 is one a core.", valueName: "count"))
    var threads = 0

    func validate() throws {
        if ruleOptions.rules == "-" || FileSystem.kind(of: ruleOptions.rules) == .file {
            throw ValidationError(
                "--rules of a server is a directory, which is watched, and `\(ruleOptions.rules)` is none")
        }
        for (name, value) in [("--reload-interval", reloadInterval), ("--drain", drain)] where !(0...3_600 ~= value) {
            throw ValidationError("\(name) is between 0 and 3600 seconds")
        }
        // In no time nothing is checked, and no rules would ever be taken up.
        guard 0.1...3_600 ~= checkTimeout else {
            throw ValidationError("--check-timeout is between 0.1 and 3600 seconds")
        }
        try cluster.check(listening.tls)
        guard 0...256 ~= threads else { throw ValidationError("--threads is between 0 and 256") }
    }

    func run() throws {
        var configuration = ServerConfiguration(rules: ruleOptions.rules, tls: try listening.security())
        let source = namespaces.namespaceLabels?.source
        let labels = source == nil ? namespaces.namespaceLabels?.labels : nil
        let byName = try namespaces.namespaceFile.map { try NamespaceOptions.read($0) }
        configuration.settings = try ruleOptions.settings.values
        configuration.selfImage = ruleOptions.own.image
        configuration.namespaceLabels = { labels ?? byName?[$0] }
        configuration.listen = try .init(listening.listen, of: "--listen")
        configuration.adminListen = try .init(listening.adminListen, of: "--admin-listen")
        configuration.exposesRules = listening.exposeRules
        configuration.limits = limits.limits
        configuration.failsClosed = failClosed
        configuration.reloadSeconds = reloadInterval
        configuration.checkSeconds = checkTimeout
        configuration.drainSeconds = drain
        configuration.threads = threads
        let log = logging.log
        let work = try cluster.complete(
            &configuration, names: listening.tlsName, labels: source, isFixed: labels != nil || byName != nil,
            log: log)
        let tasks = work.map { clusterTask($0) }
        defer { for task in tasks { task.cancel() } }
        do throws(ServerFailure) {
            try WebhookServer(configuration: configuration, log: log).run()
        } catch {
            log.flush()
            Console(color: .auto).fail(error.reason)
        }
    }
}

/// Which rule set the server has, and for whom.
struct ServedRuleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The rule set, a directory, which is watched.", valueName: "dir"), completion: .directory)
    var rules = "rules"

    @OptionGroup var settings: SettingOptions
    @OptionGroup var own: OwnImageOptions
}

/// Where the server has the labels of namespaces from.
struct ServedNamespaceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the labels of namespaces are from: auto (the default) watches the cluster, off is nowhere, and k=v,... "
                + "are those of every namespace.", valueName: "source"), transform: LabelList.parseForServer)
    var namespaceLabels: LabelList?

    @Option(
        help: ArgumentHelp(
            "Namespaces with their labels, as `kubectl get namespaces -o yaml` prints them.", valueName: "file"),
        completion: .file())
    var namespaceFile: String?

    func validate() throws {
        if namespaceLabels != nil, namespaceFile != nil {
            throw ValidationError("give --namespace-labels or --namespace-file, not both")
        }
    }
}

/// Where the server listens, and how that is encrypted.
struct ListeningOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where reviews are answered; port 0 is any that is free.", valueName: "host:port"))
    var listen = "0.0.0.0:8443"

    @Option(help: ArgumentHelp("Where health and metrics are served, without TLS.", valueName: "host:port"))
    var adminListen = "0.0.0.0:9090"

    @Option(help: ArgumentHelp("Where the certificate comes from; off is plain HTTP.", valueName: "mode"))
    var tls: Serve.TLSMode = .files

    @Option(help: ArgumentHelp("The certificate and its intermediates, PEM.", valueName: "file"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("The certificate's key, PEM.", valueName: "file"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "A further name or IP address for a certificate of its own; may be repeated.", valueName: "host"))
    var tlsName: [String] = []

    @Option(
        help: ArgumentHelp("Turn clients away without a certificate of these authorities, PEM.", valueName: "file"))
    var clientCa: String?

    @Flag(help: "Show /rules and findings to others than loopback.")
    var exposeRules = false

    func validate() throws {
        if tls != .files, tlsCert != nil || tlsKey != nil || clientCa != nil {
            throw ValidationError("--tls-cert, --tls-key and --client-ca go with --tls files")
        }
        if tls != .selfSigned, tls != .kubernetes, !tlsName.isEmpty {
            throw ValidationError("--tls-name goes with --tls self-signed or kubernetes")
        }
        for name in tlsName where !CertificateBundle.isHost(name) {
            throw ValidationError("`\(name)` in --tls-name is neither a DNS name nor an IP address")
        }
        let reviews = try ServerConfiguration.Address(listen, of: "--listen")
        if reviews.port != 0, reviews == (try ServerConfiguration.Address(adminListen, of: "--admin-listen")) {
            throw ValidationError("--listen and --admin-listen are both \(reviews); give them different ports")
        }
    }

    /// What the options ask for.
    func security() throws -> ServerConfiguration.TLS {
        switch tls {
        case .selfSigned: return .selfSigned(names: tlsName)
        case .kubernetes: return .issued(IssuedCertificate())
        case .off: return .off
        case .files:
            // Not in `validate`, which comes before an option that does not exist is found.
            guard let tlsCert, let tlsKey else {
                throw ValidationError(
                    "give --tls-cert and --tls-key, or --tls self-signed for a first try, or --tls off for plain HTTP")
            }
            return .files(.init(certificate: tlsCert, key: tlsKey, clientAuthorities: clientCa))
        }
    }

}

extension ServerConfiguration.Address {
    /// Reads what an option was given.
    init(_ text: String, of option: String) throws {
        guard let address = ServerConfiguration.Address(text) else {
            throw ValidationError("`\(text)` in \(option) is not host:port, as in 127.0.0.1:8443 or [::1]:8443")
        }
        guard address.host != "*" else {
            throw ValidationError(
                "`\(text)` in \(option): all addresses are 0.0.0.0:\(address.port), with IPv6 [::]:\(address.port)")
        }
        self = address
    }
}

/// What clients can take of the server.
struct LimitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Connections at once.", valueName: "count"))
    var maxConnections = 1_000

    @Option(help: ArgumentHelp("Bytes of requests at once, over all connections.", valueName: "bytes"))
    var maxBytesInFlight = 64 << 20

    @Option(help: ArgumentHelp("Bytes of one request's body.", valueName: "bytes"))
    var maxBody = 16 << 20

    @Option(help: ArgumentHelp("Bytes of one request's header.", valueName: "bytes"))
    var maxHeader = 16 << 10

    @Option(help: ArgumentHelp("Until the TLS handshake is done.", valueName: "seconds"))
    var handshakeTimeout = 10.0

    @Option(help: ArgumentHelp("From a request's first byte to its last.", valueName: "seconds"))
    var requestTimeout = 15.0

    @Option(help: ArgumentHelp("Between two requests; the API server keeps connections for 90.", valueName: "seconds"))
    var idleTimeout = 120.0

    @Option(help: ArgumentHelp("How old a connection becomes, give or take a fifth.", valueName: "seconds"))
    var maxConnectionAge = 300.0

    @Option(help: ArgumentHelp("Until a client has taken its answer.", valueName: "seconds"))
    var answerTimeout = 15.0

    func validate() throws {
        for (name, value) in [
            ("--max-connections", maxConnections), ("--max-bytes-in-flight", maxBytesInFlight),
            ("--max-body", maxBody), ("--max-header", maxHeader),
        ] where !(1...(1 << 40) ~= value) {
            throw ValidationError("\(name) is between 1 and \(1 << 40)")
        }
        for (name, value) in [
            ("--handshake-timeout", handshakeTimeout), ("--request-timeout", requestTimeout),
            ("--idle-timeout", idleTimeout), ("--max-connection-age", maxConnectionAge),
            ("--answer-timeout", answerTimeout),
        ] where !(0.1...86_400 ~= value) {
            throw ValidationError("\(name) is between 0.1 and 86400 seconds")
        }
    }

    /// What the options ask for.
    var limits: ServerConfiguration.Limits {
        var limits = ServerConfiguration.Limits()
        limits.connections = maxConnections
        limits.bytesInFlight = maxBytesInFlight
        limits.body = maxBody
        limits.header = maxHeader
        limits.handshakeSeconds = handshakeTimeout
        limits.requestSeconds = requestTimeout
        limits.idleSeconds = idleTimeout
        limits.ageSeconds = maxConnectionAge
        limits.answerSeconds = answerTimeout
        return limits
    }
}
