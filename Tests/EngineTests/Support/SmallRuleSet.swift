/// Random rule sets over so few images and situations that what becomes of all of them can be looked at, together
/// with their meaning, in numbers: nothing of the engine is used to say what they do.
struct SmallRuleSet {
    /// Registries of patterns; the last two are patterns of registries.
    static let registries = ["docker.io", "q.io", "m.corp", "*", "*.io"]
    static let words = ["library", "a", "zz"]
    static let hex = String(repeating: "a", count: 64)
    /// The registries of images: those of patterns, two that no pattern names, and two that only `*.io` does.
    static let hosts = ["docker.io", "q.io", "m.corp", "x.test", "z.io", "y.test", "w.io"]
    /// The words of paths, of which the registries are only ever the first one.
    static let allWords = words + hosts
    static let namespaces = ["default", "team-a"]
    /// Container on creation and on update, and an ephemeral container on update.
    static let places = 3

    struct Pattern: Hashable {
        let registry: Int
        let path: [Int]
        let hasWildcard: Bool
        let tag: String?

        var text: String {
            let parts = [SmallRuleSet.registries[registry]] + path.map { SmallRuleSet.allWords[$0] }
            return (parts + (hasWildcard ? ["*"] : [])).joined(separator: "/") + (tag.map { ":" + $0 } ?? "")
        }

        func matches(_ image: Image) -> Bool {
            switch registry {
            case 3: break
            case 4: if [2, 3, 5].contains(image.host) { return false }
            default: if image.host != registry { return false }
            }
            if hasWildcard {
                guard image.path.count > path.count, image.path.starts(with: path) else { return false }
            } else if image.path != path {
                return false
            }
            guard let tag else { return true }
            return image.tag == tag || (image.tag == nil && !image.hasDigest && tag == "latest")
        }
    }

    struct Image: Hashable {
        let host: Int
        let path: [Int]
        let tag: String?
        let hasDigest: Bool
    }

    enum Effect: Hashable {
        case rewrite(host: Int, usesRegistry: Bool, path: [Int], hasWildcard: Bool, drops: Bool, digestToTag: Bool)
        case allow, deny

        var turnsDigestIntoTag: Bool {
            if case .rewrite(_, _, _, _, _, let digestToTag) = self { digestToTag } else { false }
        }
    }

    struct Action: Hashable {
        let rule: Int
        let pattern: Pattern
        let effect: Effect
    }

    /// Conditions, as one bit for each value that is allowed.
    struct Conditions: Hashable {
        var namespaces = 0b11
        var labelled = 0b11
        var places = 0b111
        var digests = 0b11
    }

    struct Rule {
        var conditions = Conditions()
        var isObserved = false
        var overrides: [Int] = []
    }

    private(set) var rules: [Rule] = []
    private(set) var actions: [Action] = []
    private(set) var ignores: [(pattern: Pattern, conditions: Conditions)] = []
    private(set) var ignoresSelf = false
    private(set) var text = "language 1\n"
    /// Whether registries stand in paths.
    private let usesRegistry: Bool

    init(using random: inout SeededGenerator) {
        usesRegistry = random.chance(20)
        if random.chance(30) {
            ignoresSelf = true
            text += "ignore self\n"
        }
        if random.chance(25) {
            let pattern = pattern(using: &random)
            ignores.append((pattern, Conditions()))
            text += "ignore image \"\(pattern.text)\"\n"
        }
        if random.chance(20) {
            var conditions = Conditions()
            let line = Self.condition(&conditions, using: &random)
            ignores.append((Pattern(registry: 3, path: [], hasWildcard: true, tag: nil), conditions))
            text += "ignore \(line)\n"
            if random.chance(30) {
                var others = Conditions()
                let line = Self.condition(&others, using: &random)
                ignores.append((Pattern(registry: 3, path: [], hasWildcard: true, tag: nil), others))
                text += "ignore \(line)\n"
            }
        }
        let count = Int.random(in: 1...4, using: &random)
        for index in 0..<count { addRule(index, of: count, using: &random) }
    }

    private mutating func addRule(_ index: Int, of count: Int, using random: inout SeededGenerator) {
        var rule = Rule()
        var lines: [String] = []
        if random.chance(35) { lines.append("when " + Self.condition(&rule.conditions, using: &random)) }
        if random.chance(10) {
            rule.isObserved = true
            lines.append("observe")
        }
        rule.overrides = (0..<count).filter { $0 != index && random.chance(12) }
        var patterns: Set<Pattern> = []
        for _ in 0..<random.pick([1, 1, 2]) {
            let pattern = pattern(using: &random)
            guard patterns.insert(pattern).inserted else { continue }
            let effect: Effect
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1:
                effect = .deny
                lines.append("deny \"\(pattern.text)\" because \"no\"")
            case 2:
                effect = .allow
                lines.append("allow \"\(pattern.text)\"")
            default:
                let path = random.pick([[], [], [0], [1]] as [[Int]])
                let keepsRegistry = usesRegistry && random.chance(60)
                let host = random.chance(20) ? 0 : 2
                var target = pattern.hasWildcard || keepsRegistry ? path : path.isEmpty ? [1] : path
                // A single name at Docker Hub would be short for another one, which is an error of its own.
                if host == 0, !pattern.hasWildcard, target.count < 2 { target = [0, 1] }
                let drops =
                    pattern.hasWildcard && pattern.path.isEmpty && pattern.registry != 1 && pattern.registry != 2
                    && random.chance(50)
                let digestToTag = random.chance(15)
                effect = .rewrite(
                    host: host, usesRegistry: keepsRegistry, path: target, hasWildcard: pattern.hasWildcard,
                    drops: drops,
                    digestToTag: digestToTag)
                let text =
                    ([Self.registries[host]] + (keepsRegistry ? ["${registry}"] : []) + target.map { Self.words[$0] }
                        + (pattern.hasWildcard ? ["*"] : []))
                lines.append(
                    "rewrite \"\(pattern.text)\" to \"\(text.joined(separator: "/"))\"" + (drops ? " drop library" : "")
                        + (digestToTag ? " digest to tag" : ""))
            }
            actions.append(Action(rule: index, pattern: pattern, effect: effect))
        }
        rules.append(rule)
        let overrides = rule.overrides.map { "r\($0)" }.joined(separator: ", ")
        text += "rule r\(index)\(overrides.isEmpty ? "" : " overrides " + overrides) {\n"
        text += lines.map { "    \($0)\n" }.joined() + "}\n"
    }

    private func pattern(using random: inout SeededGenerator) -> Pattern {
        let registry = random.pick([0, 0, 1, 1, 2, 2, 3, 3, 4])
        let hasWildcard = random.chance(75)
        var path = (0..<random.pick(hasWildcard ? [0, 0, 1] : [1, 1, 2])).map { _ in random.pick([0, 1]) }
        if registry == 0, !hasWildcard, path.count == 1 { path = [0] + path }
        if usesRegistry, path.isEmpty ? hasWildcard : path.count > 1, random.chance(30) {
            path = [Self.words.count + random.pick([1, 3])] + path.dropFirst()
        }
        let tag = random.chance(12) ? random.pick(["latest", "1", "sha256-" + Self.hex, "1-sha256-" + Self.hex]) : nil
        return Pattern(registry: registry, path: path, hasWildcard: hasWildcard, tag: tag)
    }

    private static func condition(_ conditions: inout Conditions, using random: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            conditions.namespaces = 0b10
            return "namespace team-a"
        case 1:
            conditions.namespaces = 0b01
            return "namespace where kubernetes.io/metadata.name != team-a"
        case 2:
            conditions.labelled = 0b10
            return "pod where app"
        case 3:
            conditions.labelled = 0b01
            return "pod where !app"
        case 4:
            conditions.places = 0b001
            return "operation create"
        case 5:
            conditions.places = 0b100
            return "image in ephemeral"
        case 6:
            conditions.digests = 0b10
            return "image has digest"
        default:
            conditions.places = 0b110
            return "operation update"
        }
    }

    // MARK: What it means

    /// What an action makes of an image; nil where it is no rewrite, or declines.
    static func output(_ action: Action, _ image: Image) -> Image? {
        guard
            case .rewrite(let host, let usesRegistry, var path, let hasWildcard, let drops, let digestToTag) = action
                .effect
        else { return nil }
        if usesRegistry { path = [words.count + image.host] + path }
        if hasWildcard {
            var rest = image.path.dropFirst(action.pattern.path.count)
            let isOfficial = image.host == 0 && image.path.count == 2 && image.path[0] == 0
            if drops, isOfficial, action.pattern.path.isEmpty { rest = rest.dropFirst() }
            path += rest
        }
        // At Docker Hub, a name of one component means another one.
        if host == 0, path.count == 1 { return nil }
        guard digestToTag, image.hasDigest else {
            return Image(host: host, path: path, tag: image.tag, hasDigest: image.hasDigest)
        }
        let tag = (image.tag.map { $0 + "-" } ?? "") + "sha256-" + hex
        guard tag.utf8.count <= 128 else { return nil }
        return Image(host: host, path: path, tag: tag, hasDigest: false)
    }

    /// Names of images: every host, and paths of at most three components.
    private static let names: [(host: Int, path: [Int])] = {
        let one = words.indices.map { [$0] }
        let two = one.flatMap { head in words.indices.map { head + [$0] } }
        return at(one + two + two.flatMap { head in words.indices.map { head + [$0] } })
    }()

    /// Names with a registry as the first component of the path, as the second one, or as both.
    private static let namesBelowRegistries: [(host: Int, path: [Int])] = {
        let heads = hosts.indices.map { [words.count + $0] }
        let two = heads.flatMap { head in words.indices.map { head + [$0] } }
        let second = (words.indices.map { [$0] } + heads).flatMap { head in (heads + two).map { head + $0 } }
        return at(heads + two + two.flatMap { head in words.indices.map { head + [$0] } } + second)
    }()

    private static func at(_ paths: [[Int]]) -> [(host: Int, path: [Int])] {
        hosts.indices.flatMap { host in paths.filter { host != 0 || $0.count > 1 }.map { (host, $0) } }
    }

    /// All images that the rule set could tell apart.
    var images: [Image] {
        let tags = Set((actions.map(\.pattern) + ignores.map(\.pattern)).compactMap(\.tag))
        let asksForDigest =
            !tags.isEmpty || actions.contains(where: \.effect.turnsDigestIntoTag)
            || (rules.map(\.conditions) + ignores.map(\.conditions)).contains { $0.digests != 0b11 }
        let ends: [String?] = tags.isEmpty ? [nil] : [nil, "1", "2"] + tags.filter { $0 != "1" }.sorted()
        return (Self.names + (usesRegistry ? Self.namesBelowRegistries : [])).flatMap { name in
            ends.flatMap { tag in
                (asksForDigest ? [false, true] : [false]).map {
                    Image(host: name.host, path: name.path, tag: tag, hasDigest: $0)
                }
            }
        }
    }
}
