public import Engine
import NIOCore

/// What the webhook's server is told.
public struct ServerConfiguration: Sendable {
    /// An address to listen on.
    public struct Address: Sendable, Equatable, CustomStringConvertible {
        /// An IP address or host name.
        public var host: String
        /// The port; 0 for any that is free.
        public var port: Int

        /// Makes an address.
        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        /// As it stands in a URL.
        public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

        /// Reads `host:port` or `[v6]:port`; nil where it is neither.
        public init?(_ text: String) {
            guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
                (0...65_535).contains(port)
            else { return nil }
            var host = text[..<colon]
            if host.hasPrefix("["), host.hasSuffix("]") {
                host = host.dropFirst().dropLast()
            } else if host.contains(":") {
                return nil
            }
            self.init(host: host.isEmpty ? "0.0.0.0" : String(host), port: port)
        }
    }

    /// Where certificates come from.
    public struct CertificateFiles: Sendable, Equatable {
        /// The serving certificate and its intermediates, PEM.
        public var certificate: String
        /// Its key, PEM.
        public var key: String
        /// The authorities that a client's certificate must come from, PEM; nil for no client certificates.
        public var clientAuthorities: String?

        /// Makes a set of paths.
        public init(certificate: String, key: String, clientAuthorities: String? = nil) {
            self.certificate = certificate
            self.key = key
            self.clientAuthorities = clientAuthorities
        }
    }

    /// How the listener is encrypted.
    public enum TLS: Sendable, Equatable {
        /// With files, which are read again when they change.
        case files(CertificateFiles)
        /// With a certificate made at the start, for `localhost` and these names.
        case selfSigned(names: [String])
        /// With what somebody issues while the server runs.
        case issued(IssuedCertificate)
        /// Not at all.
        case off
    }

    /// Times in seconds and sizes in bytes that bound what clients can take.
    public struct Limits: Sendable, Equatable {
        /// Connections at once.
        public var connections = 1_000
        /// Bytes of requests at once, over all connections.
        public var bytesInFlight = 64 << 20
        /// Bytes of one body.
        public var body = 16 << 20
        /// Bytes of one header.
        public var header = 16 << 10
        /// From the connection's begin to the end of the TLS handshake.
        public var handshakeSeconds = 10.0
        /// From a request's first byte to its last.
        public var requestSeconds = 15.0
        /// Between two requests; the API server keeps idle connections for 90.
        public var idleSeconds = 120.0
        /// How old a connection becomes before an answer ends it, ± 20 %.
        public var ageSeconds = 300.0
        /// Until the client has taken an answer.
        public var answerSeconds = 15.0

        /// The defaults.
        public init() {}

        /// The largest body that is taken: no more than what large bodies may hold together.
        var largestBody: Int {
            let small = min(bytesInFlight, ListenerContext.largeBody - 1)
            return min(body, max(small, ConnectionLedger.limitOfLargeBodies(of: bytesInFlight)))
        }
    }

    /// The directory of `*.rules` files.
    public var rules: String
    /// Values for `let` names.
    public var settings: [String: String] = [:]
    /// Where the webhook listens.
    public var listen = Address(host: "0.0.0.0", port: 8443)
    /// Where health and metrics are served, without TLS.
    public var adminListen = Address(host: "0.0.0.0", port: 9090)
    /// How the webhook's listener is encrypted.
    public var tls: TLS
    /// Whether what names rules (`/rules`, findings in `/readyz?verbose`) is shown to others than loopback.
    public var exposesRules = false
    /// Whether a review that cannot be decided is refused instead of let pass.
    public var failsClosed = false
    /// What clients can take.
    public var limits = Limits()
    /// How long answers still come after SIGTERM.
    public var drainSeconds = 10.0
    /// How often files are looked at.
    public var reloadSeconds = 1.0
    /// How long the check of a changed rule set may take before it is refused.
    public var checkSeconds = 30.0
    /// Event loops; 0 for one a core.
    public var threads = 0
    /// The webhook's own image, for `ignore self`.
    public var selfImage: Reference?
    /// The labels of a namespace; nil where they are not known.
    public var namespaceLabels: @Sendable (String) -> [String: String]? = { _ in nil }

    /// Where the labels come from that `namespaceLabels` does not know; nil where nothing else is asked.
    public var namespaces: (any NamespaceLabelSource)?
    /// Why a rule set that asks for labels of namespaces is refused, and what to do about it; nil where it is not.
    public var namespaceLabelRefusal: String?
    /// How long an edit of the rules may take to check before it is let through.
    var editSeconds = 5.0
    /// Metrics of others, in Prometheus' text format, to be shown with the server's own.
    public var moreMetrics: [@Sendable () -> String] = []

    /// Makes a configuration.
    public init(rules: String, tls: TLS) {
        self.rules = rules
        self.tls = tls
    }

    var connectionLimits: ConnectionState.Limits {
        ConnectionState.Limits(
            handshake: Self.time(limits.handshakeSeconds), request: Self.time(limits.requestSeconds),
            idle: Self.time(limits.idleSeconds), answer: Self.time(limits.answerSeconds), body: limits.largestBody)
    }

    /// A time of at least a millisecond and at most a day.
    static func time(_ seconds: Double) -> TimeAmount {
        .milliseconds(Int64(min(86_400, max(0.001, seconds.isNaN ? 0 : seconds)) * 1000))
    }
}
