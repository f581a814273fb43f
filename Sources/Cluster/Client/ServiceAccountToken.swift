import NIOCore
import Server
import Synchronization

/// The bearer token in a file. The kubelet renews it at four fifths of its life, so it is read again every minute, as
/// client-go does, and at once where the API server turned the old one away.
final class ServiceAccountToken: Sendable {
    private struct State {
        var token: String?
        var readAt: NIODeadline?
    }

    /// The most bytes of a token.
    private static let limit = 64 << 10
    private static let lifetime = TimeAmount.seconds(60)
    private let path: String
    private let state = Mutex(State())

    init(path: String) {
        self.path = path
    }

    /// The token.
    ///
    /// - Parameter fresh: whether to read the file now.
    /// - Returns: nil where the file cannot be read and never could be; the last token where it cannot any more.
    func value(fresh: Bool = false) -> String? {
        let now = NIODeadline.now()
        return state.withLock { state in
            if !fresh, let readAt = state.readAt, now - readAt < Self.lifetime { return state.token }
            state.readAt = now
            guard case .success(let bytes) = FileReading.read(path, limit: Self.limit) else { return state.token }
            let token = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
            // Anything else cannot stand in a header.
            if !token.isEmpty, token.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) { state.token = token }
            return state.token
        }
    }
}
