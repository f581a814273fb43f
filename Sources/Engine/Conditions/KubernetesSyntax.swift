/// What Kubernetes takes for names and labels: `k8s.io/apimachinery/pkg/util/validation`.
public enum KubernetesSyntax {
    struct Fault {
        let what: String
        let help: String
    }

    /// Whether a text can be the name of a namespace: `IsDNS1123Label`, at most 63 characters.
    public static func isNamespaceName(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= 63 else { return false }
        return isLowerOrDigit(first) && isLowerOrDigit(last)
            && text.utf8.allSatisfy { isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
    }

    /// What can stand before the `*` of a pattern of names; may be empty.
    static func isNamespaceStem(_ text: String) -> Bool {
        guard let first = text.utf8.first else { return true }
        return isLowerOrDigit(first) && text.utf8.count <= 63
            && text.utf8.allSatisfy { isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
    }

    /// `IsQualifiedName`, which keys of labels and annotations are.
    static func faultOfLabelKey(_ text: String) -> Fault? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2 else {
            return Fault(what: "more than one `/`", help: "a key is a name, or a DNS domain, one `/` and a name")
        }
        if parts.count == 2, let prefix = parts.first {
            guard isSubdomain(prefix) else {
                return Fault(
                    what: prefix.isEmpty ? "nothing before the `/`" : "`\(prefix)` is not a DNS domain",
                    help: "before the `/` stands a domain in lower case, at most 253 characters: `example.com/key`")
            }
        }
        guard let name = parts.last, !name.isEmpty else {
            return Fault(what: "the name is empty", help: "a key is a name, or a DNS domain, one `/` and a name")
        }
        guard name.utf8.count <= 63 else {
            return Fault(what: "longer than 63 characters", help: "the name of a key has at most 63 characters")
        }
        return isLabelText(name)
            ? nil
            : Fault(
                what: "`\(name)`",
                help: "a name is letters, digits, `-`, `_` and `.`, and begins and ends with a letter or digit")
    }

    /// `IsValidLabelValue`.
    static func faultOfLabelValue(_ text: String) -> Fault? {
        if text.isEmpty { return nil }
        guard text.utf8.count <= 63 else {
            return Fault(what: "longer than 63 characters", help: "a label's value has at most 63 characters")
        }
        return isLabelText(text[...])
            ? nil
            : Fault(
                what: "",
                help:
                    "a value is letters, digits, `-`, `_` and `.`, and begins and ends with a letter or digit, or is `\"\"`"
            )
    }

    private static func isLabelText(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && text.utf8.allSatisfy {
                isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
            }
    }

    /// `IsDNS1123Subdomain`.
    private static func isSubdomain(_ text: Substring) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 253 else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.last else { return false }
            return isLowerOrDigit(first) && isLowerOrDigit(last)
                && label.utf8.allSatisfy { isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowerOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
