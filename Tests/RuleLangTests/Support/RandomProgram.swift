@testable import RuleLang

/// Rule files without a syntax error and otherwise as odd as the grammar allows: every statement, in layouts that
/// nobody would choose, with comments wherever one may stand. What they say makes no sense.
///
/// The same seed gives the same program.
struct RandomProgram {
    private enum Piece {
        /// A word, a string or a sign.
        case token(String)
        case comma
        case openParenthesis, closeParenthesis
        case openBrace, closeBrace
        /// The end of a statement.
        case end
    }

    private var random: SeededGenerator
    private var pieces: [Piece] = []
    private var output = ""
    private var comments = 0
    /// One in how many places holds a comment; 0 for none at all.
    private let commentRate: Int
    private let lineBreak: String

    /// The text of the program of a seed.
    static func text(seed: UInt64) -> String {
        var program = RandomProgram(seed: seed)
        program.file()
        return program.layOut()
    }

    private init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        commentRate = random.oneIn(4) ? 0 : 2 + random.below(8)
        lineBreak = random.oneIn(4) ? "\r\n" : "\n"
    }

    // MARK: Statements

    private mutating func file() {
        words("language", "1")
        end()
        for _ in 0..<random.below(7) {
            switch random.below(8) {
            case 0:
                words("let", name(), "=", string())
                end()
            case 1:
                words("ignore")
                switch random.below(3) {
                case 0: words("self")
                case 1:
                    words("image")
                    list { $0.words($0.string()) }
                default: condition()
                }
                end()
            case 2:
                words("bypass")
                list { $0.words($0.string()) }
                end()
            case 3: accept()
            case 4, 5: rule()
            default: test()
            }
        }
    }

    private mutating func accept() {
        words("accept")
        list { $0.words("W0\($0.random.below(900) + 100)") }
        end()
    }

    private mutating func rule() {
        words("rule", name())
        if random.below(4) == 0 {
            words("overrides")
            list { $0.words($0.name()) }
        }
        block(random.below(5)) { program in
            switch program.random.below(8) {
            case 0:
                program.words("when")
                program.condition()
                program.end()
            case 1:
                program.words("observe")
                program.end()
            case 2:
                let kind = program.random.pick(["label", "annotation"])
                program.words("mark", kind, program.name(), "=", program.name())
                program.end()
            case 3: program.accept()
            default: program.action()
            }
        }
    }

    private mutating func action() {
        switch random.below(3) {
        case 0:
            words("rewrite")
            list { $0.words($0.string()) }
            words("to", string())
        case 1:
            words("allow")
            list { $0.words($0.string()) }
        default:
            words("deny")
            list { $0.words($0.string()) }
            words("because", string())
        }
        if random.oneIn(3) {
            block(random.below(4)) {
                $0.modifier()
                $0.end()
            }
        } else {
            for _ in 0..<random.below(3) { modifier() }
            end()
        }
    }

    private mutating func modifier() {
        switch random.below(4) {
        case 0: words("insert", "library")
        case 1: words("drop", "library")
        case 2: words("digest", "to", "tag")
        default: words("warn", string())
        }
    }

    private mutating func test() {
        words("test", string())
        block(random.below(5)) { program in
            if program.random.oneIn(2) { program.given() } else { program.expectation() }
            program.end()
        }
    }

    private mutating func given() {
        words("given")
        switch random.below(5) {
        case 0: words("namespace", name())
        case 1:
            words(random.pick(["namespace", "pod"]), "labels")
            list { $0.words($0.name(), "=", $0.name()) }
        case 2: words("operation", random.pick(["create", "update"]))
        case 3: words("image", "in", random.pick(["container", "init", "ephemeral", "volume"]))
        default: words("image", "was", string())
        }
    }

    private mutating func expectation() {
        words("expect", string())
        switch random.below(4) {
        case 0: words("becomes", string())
        case 1: words(random.pick(["unchanged", "ignored", "declined", "unparsed"]))
        case 2: words("denied", string())
        default: words("bypassed", "becomes", string())
        }
        if random.oneIn(2) { words("by", name()) }
        for _ in 0..<random.below(2) { words("warns", string()) }
    }

    private mutating func condition() {
        switch random.below(6) {
        case 0:
            words("namespace")
            list { $0.words($0.random.oneIn(9) ? "team-*" : $0.name()) }
        case 1:
            words(random.pick(["namespace", "pod"]), "where")
            list { $0.requirement() }
        case 2:
            words("image", "in")
            list { $0.words($0.random.pick(["container", "init", "ephemeral", "volume"])) }
        case 3:
            words("operation")
            list { $0.words($0.random.pick(["create", "update"])) }
        default:
            words("image", "has")
            if random.oneIn(2) { words("no") }
            words(random.pick(["tag", "digest"]))
        }
    }

    private mutating func requirement() {
        switch random.below(4) {
        case 0: words(name(), random.pick(["=", "==", "!="]), name())
        case 1:
            words(name(), random.pick(["in", "notin"]))
            pieces.append(.openParenthesis)
            list { $0.words($0.name()) }
            pieces.append(.closeParenthesis)
        case 2: words(name())
        default: words("!", name())
        }
    }

    // MARK: Pieces

    private mutating func words(_ words: String...) {
        pieces += words.map { .token($0) }
    }

    private mutating func end() {
        pieces.append(.end)
    }

    private mutating func list(_ element: (inout RandomProgram) -> Void) {
        let count = random.oneIn(8) ? 1 + random.below(20) : 1 + random.below(3)
        for index in 0..<count {
            if index > 0 { pieces.append(.comma) }
            element(&self)
        }
    }

    private mutating func block(_ count: Int, _ statement: (inout RandomProgram) -> Void) {
        pieces.append(.openBrace)
        for _ in 0..<count { statement(&self) }
        pieces.append(.closeBrace)
        end()
    }

    private mutating func name() -> String {
        random.pick(["a", "kube-system", "app.kubernetes.io/name", "x_y", "\"quoted\"", "\"test\"", "v1.2", "disabled"])
    }

    private mutating func string() -> String {
        random.pick([
            "\"docker.io/library/*\"", "\"\"", "\"${ecr}/${registry}/*\"", "\"a # no comment\"", "\"\\\"{ }\\\\\"",
            "\"漢字 🚀\"", "\"123456789012.dkr.ecr.us-east-1.amazonaws.com/a-rather-long-path/\"", "\"a,b\"", "\"\\${x}\"",
        ])
    }

    // MARK: Layout

    private mutating func layOut() -> String {
        if random.oneIn(10) { output = "\u{FEFF}" }
        gap(mayBreak: true)
        var depth = 0
        for (index, piece) in pieces.enumerated() {
            let next = index + 1 < pieces.count ? pieces[index + 1] : nil
            switch piece {
            case .token(let text):
                output += text
                separate(from: next, mayBreak: depth > 0)
            case .comma:
                output += ","
                gap(mayBreak: true)
            case .openParenthesis:
                depth += 1
                output += "("
                gap(mayBreak: true)
            case .closeParenthesis:
                depth -= 1
                output += ")"
                separate(from: next, mayBreak: depth > 0)
            case .openBrace:
                output += "{"
                gap(mayBreak: true)
            case .closeBrace:
                output += "}"
                spaces()
            case .end:
                // The last statement may go without a line break.
                if next == nil, random.oneIn(2) { break }
                if case .closeBrace = next, random.oneIn(2) { break }
                spaces()
                if comment() == false { output += lineBreak }
                gap(mayBreak: true)
            }
        }
        return output
    }

    private mutating func separate(from next: Piece?, mayBreak: Bool) {
        if case .token(let text) = next, output.last != "!", !"=!".contains(text.prefix(1)) || random.oneIn(2) {
            output += " "
        }
        gap(mayBreak: mayBreak)
    }

    private mutating func spaces() {
        guard random.oneIn(3) else { return }
        output += random.pick([" ", "  ", "\t", " \t "])
    }

    /// White space, and where lines may break comments and line breaks too.
    private mutating func gap(mayBreak: Bool) {
        spaces()
        guard mayBreak else { return }
        while random.oneIn(4) || (commentRate > 0 && random.oneIn(commentRate + 1)) {
            if random.oneIn(2) {
                output += random.pick([lineBreak, lineBreak + lineBreak, lineBreak + " \t" + lineBreak])
            }
            spaces()
            _ = comment()
            spaces()
        }
    }

    /// A comment and the end of its line; false where none came up.
    private mutating func comment() -> Bool {
        guard commentRate > 0, random.oneIn(commentRate) else { return false }
        comments += 1
        output += random.pick(["# \(comments)", "#\(comments) { \"", "# 漢 \(comments) \t", "#"]) + lineBreak
        return true
    }
}
