public import NIOCore

/// Where the labels of the cluster's namespaces come from. All members may be called from anywhere.
public protocol NamespaceLabelSource: Sendable {
    /// The labels of a namespace, as they are known now; nil where they are not.
    func labels(of namespace: String) -> [String: String]?
    /// Asks for the labels of a namespace that is not known; nil where that came to nothing in time. It never fails.
    func lookUp(_ namespace: String, on loop: any EventLoop) -> EventLoopFuture<[String: String]?>
    /// Begins to follow the cluster's namespaces, if that has not begun.
    func follow()
    /// Whether all namespaces were known once.
    var isSynced: Bool { get }
    /// Why they cannot be followed, in one line; nil where they can.
    var problem: String? { get }
}
