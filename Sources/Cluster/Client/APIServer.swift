import Server

/// Where the API server is, and how its client shows who it is.
public struct APIServer: Sendable, Equatable {
    /// Why there is none, in words.
    public struct Failure: Error, Sendable, Equatable {
        /// What is missing, in lower case.
        public let reason: String
    }

    /// Where a pod finds its service account (the projected volume of `kube-api-access`).
    static let serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// `https://host:port`, without a path.
    public let url: String
    /// The file of the bearer token, which is read again as it is renewed; nil for none.
    public let tokenFile: String?
    /// The authorities that the server's certificate must come from, PEM; nil for those of the system.
    public let authorityFile: String?

    /// Makes an address of an API server.
    ///
    /// - Parameter url: `https://host:port`; `http` is taken for loopback only, where no token can be overheard.
    public init(url: String, tokenFile: String?, authorityFile: String?) throws(Failure) {
        let address = url.hasSuffix("/") ? String(url.dropLast()) : url
        let isLocal = ["http://127.0.0.1", "http://localhost", "http://[::1]"].contains { prefix in
            address == prefix || address.hasPrefix(prefix + ":")
        }
        guard address.hasPrefix("https://") || isLocal else {
            throw Failure(reason: "`\(url)` is not https://host:port")
        }
        guard !address.contains(where: { $0.isWhitespace || "?#@".contains($0) }), address.count > 8 else {
            throw Failure(reason: "`\(url)` is not https://host:port")
        }
        self.url = address
        self.tokenFile = tokenFile
        self.authorityFile = authorityFile
    }

    /// The API server of the cluster that this pod runs in.
    ///
    /// - Parameter environment: the process's environment, in which the kubelet names the server.
    public static func inCluster(_ environment: [String: String]) throws(Failure) -> APIServer {
        try inCluster(environment, folder: serviceAccountFolder)
    }

    static func inCluster(_ environment: [String: String], folder: String) throws(Failure) -> APIServer {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty else {
            throw Failure(reason: "this is no pod: KUBERNETES_SERVICE_HOST is not set")
        }
        let port = environment["KUBERNETES_SERVICE_PORT"].flatMap { $0.isEmpty ? nil : $0 } ?? "443"
        guard FileReading.stamp(folder + "/token") != nil else {
            throw Failure(reason: "the pod has no service account token at \(folder)/token")
        }
        return try APIServer(
            url: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)", tokenFile: folder + "/token",
            authorityFile: folder + "/ca.crt")
    }

    /// The namespace that this pod runs in; nil outside a cluster.
    public static var ownNamespace: String? {
        guard case .success(let bytes) = FileReading.read(serviceAccountFolder + "/namespace", limit: 256) else {
            return nil
        }
        let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        return text.isEmpty ? nil : text
    }
}
