import RuleLang
import Server

/// Does something again whenever the files of rule sets change.
///
/// It polls, as the server does: that sees what editors do (write in place, write beside and rename over) and what the
/// kubelet does (another folder behind `..data`), on every file system.
struct Watch {
    /// Directories, files or ConfigMaps, as the command line names them.
    let paths: [String]
    let console: Console

    private static let pauseInMilliseconds: UInt32 = 200

    /// What a look at a path sees; another sight means that something may have changed.
    private enum Sight: Equatable {
        case directory(RuleDirectory.Fingerprint)
        case file(FileReading.Stamp)
        case nothing
    }

    private func look() -> [Sight] {
        paths.map { path in
            if FileSystem.kind(of: path) == .directory {
                guard case .success(let fingerprint) = RuleDirectory(path: path).fingerprint() else { return .nothing }
                return .directory(fingerprint)
            }
            return FileReading.stamp(path).map { .file($0) } ?? .nothing
        }
    }

    /// Does it at once, and after each change, until somebody ends the process. What cannot be read is shown, and may
    /// be there at the next change.
    func run(_ work: () throws -> Void) -> Never {
        endQuietlyOnInterrupt()
        var handled = look()
        var last = handled
        perform(work, isFirst: true)
        while true {
            pause(milliseconds: Self.pauseInMilliseconds)
            let sight = look()
            // Files change one by one and byte by byte: a change counts once two looks in a row see the same.
            if sight != handled, sight == last {
                handled = sight
                perform(work, isFirst: false)
            }
            last = sight
        }
    }

    private func perform(_ work: () throws -> Void, isFirst: Bool) {
        let clears = console.out.isTerminal && environment("TERM") != "dumb"
        if clears { console.out.write("\u{1B}[H\u{1B}[2J") }
        console.out.line(console.paint("-- \(timeOfDay())", .dim, on: console.out))
        console.flush()
        do {
            try work()
        } catch let failure as InputFailure {
            console.show(failure.diagnostics, of: [])
        } catch {
            console.err.line("error: \(error)")
        }
        console.flush()
        if isFirst || clears {
            console.err.line("watching \(paths.joined(separator: ", ").sanitized); ctrl-c ends")
            console.flush()
        }
    }
}
