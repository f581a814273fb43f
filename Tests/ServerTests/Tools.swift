import Foundation

/// Other programs.
enum Tools {
    /// Whether all that the TLS tests talk to is there.
    static let areThere = ["openssl", "curl", "python3"].allSatisfy { run(["which", $0]).status == 0 }

    /// Runs a program; what it prints on both streams.
    @discardableResult
    static func run(_ arguments: [String], input: Data = Data()) -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        let (output, standardInput) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = output
        process.standardInput = standardInput
        guard (try? process.run()) != nil else { return (127, "") }
        try? standardInput.fileHandleForWriting.write(contentsOf: input)
        try? standardInput.fileHandleForWriting.close()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }

    static func has(_ name: String) -> Bool { run(["which", name]).status == 0 }
}
