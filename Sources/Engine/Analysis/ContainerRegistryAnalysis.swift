import RuleLang

/// Targets at Amazon's Elastic Container Registry (ECR) that it cannot serve.
struct ContainerRegistryAnalysis {
    let model: ActionModel

    /// Reports each kind of finding once a rule, for the first action that gives it.
    func run(diagnostics: inout [Diagnostic]) {
        var reported: Set<[Int]> = []
        let rewrites = model.actions.indices.compactMap { number -> (number: Int, target: RewriteTarget)? in
            guard case .rewrite(let target, _) = model.actions[number].effect, Self.isHost(target.host) else {
                return nil
            }
            return (number, target)
        }
        // Actions are in the order of their patterns.
        let inSourceOrder = rewrites.sorted {
            let (one, other) = (model.spans[$0.number], model.spans[$1.number])
            return (one.file, one.start) < (other.file, other.start)
        }
        for (number, target) in inSourceOrder where !Task.isCancelled {
            let findings = [libraryDropped(number, target), badName(number, target)]
            for (kind, finding) in findings.enumerated() {
                guard let finding, reported.insert([model.actions[number].rule, kind]).inserted else { continue }
                diagnostics.append(finding)
            }
        }
    }

    /// Whether a host is a private registry of ECR: `ACCOUNT.dkr.ecr.REGION.amazonaws.com`, also with `dkr.ecr-fips`,
    /// `amazonaws.com.cn`, or as dual-stack endpoint `ACCOUNT.dkr-ecr.REGION.on.aws` (Amazon ECR User Guide, "Amazon
    /// ECR endpoints").
    static func isHost(_ host: String) -> Bool {
        // Most hosts are others, and are found to be so by their first byte.
        guard host.utf8.prefix(while: { (48...57).contains($0) }).count == 12 else { return false }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 5, labels[0].utf8.count == 12 else { return false }
        if labels[1] == "dkr-ecr" || labels[1] == "dkr-ecr-fips" {
            return labels.count == 5 && labels[3...] == ["on", "aws"]
        }
        guard labels[1] == "dkr", labels[2] == "ecr" || labels[2] == "ecr-fips", labels.count >= 6 else { return false }
        return labels[4...] == ["amazonaws", "com"] || labels[4...] == ["amazonaws", "com", "cn"]
    }

    // MARK: Official images

    /// A pull-through cache asks Docker Hub for what stands behind its prefix, and official images are
    /// `library/NAME` there (Amazon ECR User Guide, "Pulling an image with a pull through cache rule").
    private func libraryDropped(_ number: Int, _ target: RewriteTarget) -> Diagnostic? {
        guard target.hasWildcard, model.actions[number].pattern.registry.matches("docker.io") else { return nil }
        let official = ImagePattern(
            registry: .host("docker.io"), path: PathPattern(components: ["library"], hasWildcard: true))
        let overlap = model.boxes[number].intersection(Box(pattern: official, conditions: ConditionSet()))
        guard !overlap.isEmpty else { return nil }
        let search = model.search(overlap, wonBy: number, live: false) { box in
            box.witnesses().lazy.compactMap { witness -> (Reference, Reference)? in
                let name = ImageName(witness.reference)
                guard name.isOfficialDockerHubImage, let output = output(of: witness, by: number),
                    ImageName(output).components.suffix(2) != name.components[...]
                else { return nil }
                return (witness.reference, output)
            }.first { _ in true }
        }
        switch search {
        case .nothing: return nil
        case .undecided:
            return .notDecided(
                "whether an official image comes here", at: model.spans[number],
                help: "merge the narrower rules that lie within it")
        case .found(let (source, output)):
            return Diagnostic(
                .libraryDropped, "official images of Docker Hub lose `library/`, which a pull-through cache needs",
                at: model.spans[number], notes: ["witness: `\(source.text)` -> `\(output.text)`"],
                help: [
                    model.actions[number].pattern.path.components.isEmpty
                        ? "write `insert library` in place of `drop library`"
                        : "write to `\(target.text.dropLast())library/*`",
                    "if the registry holds copies, and is no cache, say that it is meant: `accept W0502`",
                ])
        }
    }

    // MARK: Names of repositories

    /// The reference grammar allows `a__b` and `a--b` in a path, ECR does not. What `*` stands for is not known.
    private func badName(_ number: Int, _ target: RewriteTarget) -> Diagnostic? {
        var bad: String?
        for component in target.components {
            switch component {
            case .literal(let text):
                if !Self.isComponent(text) { bad = text }
            case .registry:
                if case .host(let host) = model.actions[number].pattern.registry, !Self.isComponent(host) { bad = host }
            }
        }
        var help = "a name is lower-case letters and digits, joined by one `.`, `_`, `-` or `/` at a time"
        if bad == nil, !target.hasWildcard, target.components.count == 1,
            case .literal(let text) = target.components[0],
            text.utf8.count < 2
        {
            bad = text
            help = "a name has 2 to 256 characters"
        }
        guard let bad else { return nil }
        // Without a witness nothing is written there, or it is not known; the name is bad all the same.
        let search = model.search(model.boxes[number], wonBy: number, live: false) { box in
            box.witnesses().lazy.compactMap { witness in
                output(of: witness, by: number).map { "witness: `\(witness.reference.text)` -> `\($0.text)`" }
            }.first { _ in true }
        }
        let witness: String? = if case .found(let text) = search { text } else { nil }
        return Diagnostic(
            .badRepositoryName, "`\(bad)` cannot stand in the name of a repository at ECR", at: model.spans[number],
            label: "is written there", notes: witness.map { [$0] } ?? [], help: [help])
    }

    /// Whether a text is a component of a repository's name: `[a-z0-9]+([._-][a-z0-9]+)*` (Amazon ECR API Reference,
    /// CreateRepository).
    private static func isComponent(_ text: String) -> Bool {
        var endsInSeparator = true
        for byte in text.utf8 {
            let isSeparator = byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            let isAlphanumeric = (48...57).contains(byte) || (97...122).contains(byte)
            guard isAlphanumeric || (isSeparator && !endsInSeparator) else { return false }
            endsInSeparator = isSeparator
        }
        return !endsInSeparator
    }

    /// What the evaluator makes of a witness that an action wins.
    private func output(of witness: Witness, by action: Int) -> Reference? {
        let decision = model.replay.decision(
            on: witness, of: action,
            unlessClaimedBy: model.beaters(of: action, live: false, at: witness.reference, in: witness))
        guard let text = decision?.to else { return nil }
        return try? Reference.parse(text).get()
    }
}

extension ImageName {
    /// Whether this is one of the images that Docker Hub keeps under `library/`.
    fileprivate var isOfficialDockerHubImage: Bool {
        registry == "docker.io" && components.count == 2 && components.first == "library"
    }
}
