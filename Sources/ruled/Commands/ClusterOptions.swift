import ArgumentParser
import Cluster

/// Where the API server is.
struct ClusterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The API server; without it the one of the cluster that this pod runs in.", valueName: "https://host:port"))
    var apiServer: String?

    @Option(
        help: ArgumentHelp("The bearer token for --api-server, read again as it is renewed.", valueName: "file"),
        completion: .file())
    var tokenFile: String?

    @Option(
        help: ArgumentHelp("The authorities that --api-server's certificate must come from, PEM.", valueName: "file"),
        completion: .file())
    var apiCa: String?

    func validate() throws {
        if apiServer == nil, tokenFile != nil || apiCa != nil {
            throw ValidationError("--token-file and --api-ca go with --api-server")
        }
    }

    /// Why there is no API server to ask; nil where one is named, or where this is a pod that has one.
    var absence: String? {
        if apiServer != nil { return nil }
        do throws(APIServer.Failure) {
            _ = try server()
            return nil
        } catch {
            return error.reason
        }
    }

    /// The API server; the failure says what is missing.
    func server() throws(APIServer.Failure) -> APIServer {
        if let apiServer { return try APIServer(url: apiServer, tokenFile: tokenFile, authorityFile: apiCa) }
        var variables: [String: String] = [:]
        for name in ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"] { variables[name] = environment(name) }
        return try APIServer.inCluster(variables)
    }

    /// A client of it; where there is none, the command ends with 2.
    func client() -> KubernetesClient {
        do throws(APIServer.Failure) {
            return try KubernetesClient(try server())
        } catch {
            Console(color: .auto).fail(
                error.reason,
                help: "run it in a pod with a service account, or give --api-server, --token-file and --api-ca")
        }
    }
}

/// The Secret that holds the CA, as `NAMESPACE/NAME`, or `NAME` where something else says the namespace.
struct SecretName: ExpressibleByArgument {
    let namespace: String?
    let name: String

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), let name = parts.last, !name.isEmpty, parts[0] != "" else { return nil }
        self.name = name
        namespace = parts.count == 2 ? parts[0] : nil
    }

    /// The Secret; the pod's own namespace counts where no other is given.
    func secret(in given: String?) throws -> AuthoritySecret {
        if let given, let namespace, given != namespace {
            throw ValidationError("--namespace says `\(given)` and --ca-secret says `\(namespace)`")
        }
        guard let namespace = namespace ?? given ?? APIServer.ownNamespace else {
            throw ValidationError("give --ca-secret as NAMESPACE/NAME")
        }
        guard let secret = AuthoritySecret(namespace: namespace, name: name) else {
            throw ValidationError("`\(namespace)/\(name)` in --ca-secret cannot name a Secret")
        }
        return secret
    }
}
