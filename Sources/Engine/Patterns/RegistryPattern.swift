/// The registry of a pattern. Hosts compare as bytes.
public enum RegistryPattern: Sendable, Hashable {
    /// `*`: any registry.
    case any
    /// `*.gcr.io`, or with a port `*.gcr.io:5000`: one or more labels before the domain, and that port or none.
    case subdomains(of: String)
    /// A host with its port, if it has one.
    case host(String)

    /// The pattern as it is written.
    public var text: String {
        switch self {
        case .any: "*"
        case .subdomains(let domain): "*." + domain
        case .host(let host): host
        }
    }

    /// Whether a registry is one of these.
    public func matches(_ registry: String) -> Bool {
        switch self {
        case .any: true
        case .subdomains(let domain): Self.isSubdomain(registry, of: domain)
        case .host(let host): host == registry
        }
    }

    /// The domain carries its port, so a host without one is never under a domain with one, nor the other way
    /// round: `a.gcr.io:5000` does not end in `.gcr.io`.
    private static func isSubdomain(_ host: String, of domain: String) -> Bool {
        let host = host.utf8
        let domain = domain.utf8
        guard host.count > domain.count + 1 else { return false }
        let tail = host.suffix(domain.count + 1)
        return tail.first == UInt8(ascii: ".") && tail.dropFirst().elementsEqual(domain)
    }
}

extension RegistryPattern: Atom {
    func contains(_ other: RegistryPattern) -> Bool {
        switch (self, other) {
        case (.any, _): true
        case (_, .any): false
        case (.subdomains(let domain), .subdomains(let inner)):
            domain == inner || Self.isSubdomain(inner, of: domain)
        case (.subdomains, .host(let host)): matches(host)
        case (.host(let host), .host(let inner)): host == inner
        case (.host, .subdomains): false
        }
    }

    func witness(avoiding others: [RegistryPattern]) -> RegistryPattern? {
        let base: (Int) -> String
        switch self {
        case .host: return self
        case .any: base = { $0 == 0 ? "registry.example.com" : "registry\($0).example.com" }
        case .subdomains(let domain): base = { $0 == 0 ? "a." + domain : "a\($0)." + domain }
        }
        // Each of the others holds at most one of these, or all of them by being a domain above; then another
        // top-level name is tried.
        for number in 0...others.count {
            let candidate = RegistryPattern.host(base(number))
            if !others.contains(where: { $0.contains(candidate) }) { return candidate }
        }
        guard self == .any else { return nil }
        for number in 0...others.count {
            let candidate = RegistryPattern.host("registry.test\(number)")
            if !others.contains(where: { $0.contains(candidate) }) { return candidate }
        }
        return nil
    }

    /// An order for canonical output; it means nothing.
    public static func < (left: RegistryPattern, right: RegistryPattern) -> Bool {
        if case .host(let host) = left, case .host(let other) = right { return host < other }
        return left.text < right.text
    }
}
