/// Random rule sets over a small vocabulary, so that patterns and conditions meet often.
struct RandomRuleSet {
    static let registries = ["docker.io", "quay.io", "a.gcr.io", "x.y.gcr.io", "localhost:5000", "m.corp"]
    static let namespaces = ["default", "team-a", "team-b", "kube-system"]

    /// The `let`s, and one text a statement: they may stand in any order and in any file.
    let statements: [String]

    /// The rule set as one file.
    var text: String { (["language 1"] + statements).joined(separator: "\n") + "\n" }

    /// The rule set in some files, statements and files in random order.
    func files(using random: inout SeededGenerator) -> [String] {
        var files = Array(repeating: ["language 1"], count: Int.random(in: 1...4, using: &random))
        for statement in statements.shuffled(using: &random) {
            files[Int.random(in: 0..<files.count, using: &random)].append(statement)
        }
        return files.map { $0.joined(separator: "\n") + "\n" }.shuffled(using: &random)
    }

    init(using random: inout SeededGenerator) {
        var statements = ["let mirror = \"m.corp\"", "let cache = \"${mirror}/cache\""]
        if random.chance(40) { statements.append("bypass \"direct.to/\"") }
        if random.chance(20) { statements.append("bypass \"raw.to/\", \"direct.to/\"") }
        if random.chance(30) { statements.append("ignore self") }
        if random.chance(25) { statements.append("ignore image \"\(Self.pattern(using: &random))\"") }
        if random.chance(25) { statements.append("ignore \(Self.condition(using: &random))") }
        // What is written may come back in through a `*` registry; mostly it is let out of it.
        if random.chance(70) { statements.append("ignore image \"m.corp/*\"") }
        let count = Int.random(in: 1...6, using: &random)
        for index in 0..<count { statements.append(Self.rule(index, of: count, using: &random)) }
        self.statements = statements
    }

    private static func rule(_ index: Int, of count: Int, using random: inout SeededGenerator) -> String {
        var lines: [String] = []
        for _ in 0..<random.pick([0, 0, 1, 1, 1, 2]) { lines.append("when \(condition(using: &random))") }
        if random.chance(15) { lines.append("observe") }
        if random.chance(15) { lines.append("mark label swapped = \"yes\"") }
        if random.chance(10) { lines.append("mark annotation example.com/by = \"ruled\"") }
        if random.chance(30) { lines.append("accept W0701") }
        var patterns: Set<String> = []
        for _ in 0..<random.pick([1, 1, 2, 3]) {
            let pattern = pattern(using: &random)
            guard patterns.insert(pattern).inserted else { continue }
            var line: String
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1: line = "deny \"\(pattern)\" because \"no \(random.pick(["a", "b"]))\""
            case 2, 3: line = "allow \"\(pattern)\""
            default: line = "rewrite \"\(pattern)\" to \"\(target(for: pattern, using: &random))\""
            }
            if line.hasPrefix("rewrite"), random.chance(15) { line += " digest to tag" }
            if line.hasPrefix("rewrite"), pattern.hasPrefix("docker.io/*"), random.chance(50) {
                line += random.pick([" drop library", " insert library"])
            }
            if random.chance(8) { line += " warn \"mind \(random.pick(["this", "that"]))\"" }
            lines.append(line)
        }
        let others = random.chance(15) ? (0..<count).filter { $0 != index && random.chance(40) }.map { "r\($0)" } : []
        let overrides = others.isEmpty ? "" : " overrides " + others.joined(separator: ", ")
        return "rule r\(index)\(overrides) {\n" + lines.shuffled(using: &random).map { "    \($0)\n" }.joined() + "}"
    }

    static func pattern(using random: inout SeededGenerator) -> String {
        let registry = random.pick(
            [
                "docker.io", "docker.io", "quay.io", "quay.io", "a.gcr.io", "x.y.gcr.io", "localhost:5000", "*.gcr.io",
                "*.y.gcr.io", "*", "*", "m.corp",
            ])
        var components = (0..<random.pick([0, 0, 1, 1, 2])).map { _ in random.pick(["library", "a", "b"]) }
        let minimum = registry == "docker.io" ? 2 : 1
        if components.count < minimum || random.chance(60) { components.append("*") }
        var pattern = registry + "/" + components.joined(separator: "/")
        if random.chance(12) { pattern += random.pick([":latest", ":1"]) }
        return pattern
    }

    /// Few targets, so that overlapping actions often agree.
    private static func target(for pattern: String, using random: inout SeededGenerator) -> String {
        let end = pattern.contains("/*") ? "/*" : random.pick(["/one", "/a/b"])
        if random.chance(25), !pattern.hasPrefix("localhost") { return "${cache}/${registry}" + end }
        // A single name at Docker Hub would be short for another one, which is an error of its own.
        if random.chance(10) { return "docker.io" + (end == "/one" ? "/a/one" : end) }
        return random.pick(["${mirror}", "${mirror}/deep/er"]) + end
    }

    private static func condition(using random: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1: "namespace \(random.pick(["default", "team-a, team-b", "team-*", "team-a"]))"
        case 2:
            "namespace where kubernetes.io/metadata.name \(random.pick(["= team-a", "!= team-a", "in (default, team-b)", "notin (team-a, default)"]))"
        case 3, 4: "namespace where \(selector("env", ["prod", "dev"], using: &random))"
        case 5, 6, 7: "pod where \(selector("app", ["x", "y"], using: &random))"
        case 8: "image in \(random.pick(["container", "init, container", "ephemeral", "volume", "ephemeral, init"]))"
        case 9: "operation \(random.pick(["create", "update", "update, create"]))"
        default: "image has \(random.pick(["tag", "no tag", "digest", "no digest"]))"
        }
    }

    private static func selector(_ key: String, _ values: [String], using random: inout SeededGenerator) -> String {
        let value = random.pick(values)
        return random.pick([
            "\(key) = \(value)", "\(key) == \(value)", "\(key) != \(value)",
            "\(key) in (\(values.joined(separator: ", ")))",
            "\(key) notin (\(value))", key, "!\(key)", "\(key), \(key) != \(value)",
        ])
    }

    // MARK: Situations to evaluate in

    static func reference(using random: inout SeededGenerator) -> String {
        if random.chance(3) {
            return random.pick(["Nginx", "", "a//b", "docker.io/", "x:y:z", "my_host.example.com/a"])
        }
        let registry = random.pick(registries + ["docker.io", "", "", "other.example", "index.docker.io"])
        let components = (0..<random.pick([1, 1, 2, 2, 3])).map { _ in random.pick(["library", "a", "b", "c"]) }
        var text =
            (registry.isEmpty ? [] : [registry]).joined() + (registry.isEmpty ? "" : "/")
            + components.joined(separator: "/")
        if random.chance(10) { text = random.pick(["direct.to/", "raw.to/", "direct.to/raw.to/"]) + text }
        if random.chance(50) { text += random.pick([":latest", ":1", ":2"]) }
        if random.chance(20) { text += "@sha256:" + String(repeating: "a", count: 64) }
        return text
    }
}
