import RuleLang
import Testing

@testable import Engine

/// Every difference is found, and each that is reported exists: held against deciding, with both programs, the points
/// of a universe that holds each value that some rule names, and one that none does.
@Suite("Differences, held against counting")
struct DifferenceBruteForceTests {
    /// How many families of rule sets are gone through, of which each makes a hundred pairs.
    private static let rounds = max(1, testRounds(2_500) / 100)

    /// A rule set that is valid, and its program.
    private struct Sample {
        let statements: [String]
        let slow: SlowEvaluator
        let program: Program
        var text: String { statements.joined(separator: "\n") }

        init?(_ statements: [String]) {
            let file = SourceFile(name: "f", text: (["language 1"] + statements).joined(separator: "\n") + "\n")
            guard let program = RuleSet.load([file]).ruleSet?.program else { return nil }
            self.statements = statements
            self.program = program
            slow = SlowEvaluator([SyntaxTree.parse(file).tree])
        }

        static func random(using random: inout SeededGenerator) -> Sample {
            while true {
                let statements = RandomRuleSet(using: &random).statements
                let settled = random.chance(50) ? settled(statements, using: &random) : Sample(statements)
                if let settled { return settled }
            }
        }

        /// Some statements with the `overrides` that they need, whichever they had.
        private static func settled(_ statements: [String], using random: inout SeededGenerator) -> Sample? {
            SettledRuleSet.settle(statements.map(SettledRuleSet.withoutOverrides), using: &random).flatMap {
                Sample($0)
            }
        }

        var hasOverrides: Bool { statements.contains { !SettledRuleSet.overrides(of: $0).isEmpty } }

        /// Another rule set, mostly much like this one.
        func changed(using random: inout SeededGenerator) -> Sample {
            if hasOverrides, random.chance(25), let turned = Self.settled(statements, using: &random) { return turned }
            for _ in 0..<20 {
                var statements = statements
                for _ in 0..<random.pick([1, 1, 1, 2, 3]) {
                    let others = RandomRuleSet(using: &random).statements.dropFirst(2)
                    // The two `let`s stay.
                    let place = Int.random(in: 2...max(2, statements.count), using: &random)
                    if place < statements.count, random.chance(60) { statements.remove(at: place) }
                    if random.chance(60), let other = others.randomElement(using: &random) {
                        statements.append(other.replacing("rule r", with: "rule s\(statements.count)-"))
                    }
                }
                let isSettled = hasOverrides || random.chance(30)
                let sample = isSettled ? Self.settled(statements, using: &random) : Sample(statements)
                if let sample { return sample }
            }
            return .random(using: &random)
        }
    }

    /// The values of one dimension that all boxes treat alike, as one column of answers.
    private static func classes(_ columns: [[Bool]], _ distinguished: [[Bool]], _ count: Int) -> [Int] {
        var seen: Set<[Bool]> = []
        return (0..<count).filter { value in seen.insert((columns + distinguished).map { $0[value] }).inserted }
    }

    /// The points that two rule sets may tell apart, as numbers of values: all of them, or as many as are wanted.
    private static func points(_ samples: [Sample], atMost limit: Int, using random: inout SeededGenerator) -> [[Int]] {
        let boxes = samples.flatMap { $0.slow.actions.map($0.slow.box) + $0.slow.ignoreBoxes }
        let sizes = [
            SlowEvaluator.registries.count, SlowEvaluator.paths.count, SlowEvaluator.parts.count,
            SlowEvaluator.namespaces.count, SlowEvaluator.environments.count, SlowEvaluator.apps.count,
            SlowEvaluator.places.count,
        ]
        let distinguished: [[[Bool]]] = [
            [SlowEvaluator.registries.map { $0 == "docker.io" }, SlowEvaluator.registries.map { $0.contains(":") }],
            [
                SlowEvaluator.paths.map { $0.count == 2 && $0[0] == "library" },
                SlowEvaluator.paths.map { $0.count == 1 },
            ],
            [SlowEvaluator.parts.map { $0.digest != nil }], [], [], [], [],
        ]
        let values = sizes.indices.map { dimension in
            classes(boxes.map { $0[dimension] }, distinguished[dimension], sizes[dimension])
        }
        let total = values.reduce(1) { $0 * $1.count }
        guard total > limit else {
            return values.reduce([[]]) { points, column in points.flatMap { point in column.map { point + [$0] } } }
        }
        return (0..<limit).map { _ in values.map { random.pick($0) } }
    }

    private static func witness(_ point: [Int]) -> Witness? {
        let reference = SlowEvaluator.reference(point[0], point[1], point[2])
        if reference.registry == "docker.io", SlowEvaluator.paths[point[1]].count == 1 { return nil }
        return Witness(
            reference: reference, namespace: SlowEvaluator.namespaces[point[3]], isAnyNamespace: false,
            namespaceLabels: SlowEvaluator.environments[point[4]].map { ["env": $0] } ?? [:],
            podLabels: SlowEvaluator.apps[point[5]].map { ["app": $0] } ?? [:],
            place: SlowEvaluator.places[point[6]].0, operation: SlowEvaluator.places[point[6]].1, isAnyPlace: false)
    }

    /// What a pod gets, without the names of rules.
    private static func answer(_ program: Program, _ point: ImagePoint) -> String {
        let decision = point.decide(by: program)
        let image = decision.images[0]
        let warnings = (decision.warnings + image.warnings).map { warning in
            warning.contains("rule `") ? warning.replacing(/rule `[rs][0-9-]+`/, with: "rule") : warning
        }
        return "\(decision.patch) \(Set(image.denials).sorted()) \(warnings)"
    }

    /// Rule sets that are much like each other.
    private static func family(using random: inout SeededGenerator) -> [Sample] {
        var family = [Sample.random(using: &random)]
        while family.count < 10 { family.append(random.pick(family).changed(using: &random)) }
        return family
    }

    private struct Counts {
        var pairs = 0
        var equal = 0
        var points = 0
        var differing = 0
        var observed = 0
        var overriding = 0
    }

    @Test("every image that two rule sets treat differently lies in a region, and every witness shows what it says")
    func exact() {
        let seed = testSeed("difference")
        var random = SeededGenerator(seed: seed)
        var counts = Counts()
        var strangers: [Sample] = []
        for _ in 0..<Self.rounds {
            let family = Self.family(using: &random)
            strangers.append(family[0])
            for first in family {
                for second in family {
                    guard Self.holds(first, second, points: 12, seed, &counts, using: &random) else { return }
                }
            }
        }
        // Rule sets that have nothing to do with each other are one large difference.
        for _ in 0..<Self.rounds * 5 {
            let (first, second) = (random.pick(strangers), random.pick(strangers))
            guard Self.holds(first, second, points: 60, seed, &counts, using: &random) else { return }
        }
        print("difference: \(counts)")
        #expect(counts.pairs >= Self.rounds * 100 && counts.differing > counts.pairs)
        #expect(counts.overriding > counts.pairs / 10)
    }

    /// Whether what is found of a pair is true and whole.
    private static func holds(
        _ first: Sample, _ second: Sample, points limit: Int, _ seed: UInt64, _ counts: inout Counts,
        using random: inout SeededGenerator
    ) -> Bool {
        var finder = DifferenceFinder(old: first.program, new: second.program)
        finder.run()
        counts.pairs += 1
        counts.overriding += first.hasOverrides || second.hasOverrides ? 1 : 0
        counts.observed += finder.cells.count { $0.layer == .observing }
        let title = "seed \(seed)\n--- old\n\(first.text)\n--- new\n\(second.text)\n"
        #expect(finder.undecided.isEmpty, "\(title) \(finder.undecided)")
        for region in finder.regions {
            let point = ImagePoint(region.witness)
            let isTrue = answer(first.program, point) != answer(second.program, point)
            #expect(isTrue, "\(title) \(region)")
            if !isTrue { return false }
        }
        for reentry in RolloutAnalysis(finder).run().reentries {
            let isTrue = holds(reentry, first.program, second.program)
            #expect(isTrue, "\(title) \(reentry)")
            if !isTrue { return false }
        }
        var anyDiffers = false
        for witness in points([first, second], atMost: limit, using: &random).compactMap(witness) {
            counts.points += 1
            let point = ImagePoint(witness)
            guard answer(first.program, point) != answer(second.program, point) else { continue }
            anyDiffers = true
            counts.differing += 1
            let isFound = finder.holds(witness)
            #expect(isFound, "\(title) missed \(witness.text)\n\(finder.cells)")
            if !isFound { return false }
        }
        if !anyDiffers { counts.equal += 1 }
        return holdsBeyondPatterns(first, second, finder, title, points: limit / 3, using: &random)
    }

    /// Whether an output does come back in as it is told.
    private static func holds(_ reentry: DifferenceReentry, _ old: Program, _ new: Program) -> Bool {
        var point = ImagePoint(text: reentry.image)
        point.namespace = reentry.namespace
        point.namespaceLabels = reentry.namespaceLabels
        point.podLabels = reentry.podLabels
        point.place = reentry.place
        let (writer, taker) = reentry.isFromOld ? (old, new) : (new, old)
        func outcomes(_ program: Program, _ text: String) -> [ImageDecision] {
            [Operation.create, .update].flatMap { operation in
                point.text = text
                point.operation = operation
                return point.decide(by: program).images
            }
        }
        return outcomes(writer, reentry.image).contains { $0.to == reentry.output }
            && outcomes(taker, reentry.output).contains {
                reentry.result == nil ? $0.outcome == .denied : $0.to == reentry.result
            }
    }

    /// Bypassed images, texts that do not parse and unknown labels.
    private static func holdsBeyondPatterns(
        _ first: Sample, _ second: Sample, _ finder: DifferenceFinder, _ title: String, points: Int,
        using random: inout SeededGenerator
    ) -> Bool {
        let kinds = Set(finder.regions.map(\.kind))
        for _ in 0..<points {
            let numbers = [
                SlowEvaluator.registries.count, SlowEvaluator.paths.count, SlowEvaluator.parts.count,
                SlowEvaluator.namespaces.count, SlowEvaluator.environments.count, SlowEvaluator.apps.count,
                SlowEvaluator.places.count,
            ].map { Int.random(in: 0..<$0, using: &random) }
            guard let witness = witness(numbers) else { continue }
            let isInCell = finder.holds(witness)
            for prefix in ["direct.to/", "raw.to/", "direct.to/raw.to/"] {
                let point = ImagePoint(witness, text: prefix + witness.reference.text)
                let differs = answer(first.program, point) != answer(second.program, point)
                let isUnparsed = kinds.contains(.unparsed) && Reference(parsing: point.text) == nil
                let isFound = isInCell || kinds.contains(.bypassed) || isUnparsed || isWithoutBypass(point, finder)
                #expect(!differs || isFound, "\(title) missed \(point)")
                if differs, !isFound { return false }
            }
            var point = ImagePoint(witness, text: "Not A Reference")
            var differs = answer(first.program, point) != answer(second.program, point)
            #expect(!differs || kinds.contains(.unparsed), "\(title) missed \(point)")
            point = ImagePoint(witness)
            point.namespaceLabels = nil
            if first.program.asksForNamespaceLabels != second.program.asksForNamespaceLabels {
                differs = answer(first.program, point) != answer(second.program, point)
                // Where one ignores all there is, what it does not know makes no difference to it.
                #expect(!differs || isInCell || kinds.contains(.unknownLabels), "\(title) missed \(point)")
            }
            point = ImagePoint(witness)
            point.selfImage = witness.reference
            differs = answer(first.program, point) != answer(second.program, point)
            #expect(!differs || isInCell || kinds.contains(.ownImage), "\(title) missed \(point)")
        }
        return true
    }

    /// Where no program knows a prefix, its host is a registry like any other; one that both know is taken off.
    private static func isWithoutBypass(_ point: ImagePoint, _ finder: DifferenceFinder) -> Bool {
        var text = point.text
        let shared = finder.old.program.code.bypassPrefixes.filter(finder.new.program.code.bypassPrefixes.contains)
        while let prefix = shared.first(where: text.hasPrefix) { text.removeFirst(prefix.count) }
        guard let reference = Reference(parsing: text) else { return false }
        let witness = Witness(
            reference: reference, namespace: point.namespace, isAnyNamespace: false,
            namespaceLabels: point.namespaceLabels ?? [:], podLabels: point.podLabels, place: point.place,
            operation: point.operation, isAnyPlace: false)
        return finder.holds(witness)
    }

    @Test("rule sets that say the same in another way do not differ")
    func equivalent() {
        let seed = testSeed("equivalence")
        var random = SeededGenerator(seed: seed)
        var overriding = 0
        for _ in 0..<Self.rounds * 8 {
            let sample = Sample.random(using: &random)
            let overridden = Set(sample.statements.flatMap(SettledRuleSet.overrides))
            let split = sample.statements.flatMap { statement in
                // Of a rule in parts, not each part has to override what the whole one does.
                let isOrdered =
                    !SettledRuleSet.overrides(of: statement).isEmpty
                    || SettledRuleSet.name(of: statement).map(overridden.contains) ?? false
                return isOrdered ? [statement] : Self.split(statement, using: &random)
            }
            let renamed = split.map {
                $0.replacing(/^rule [^{]+/) { $0.output.replacing(/\br(?=[0-9])/, with: "other-") }
            }
            guard let other = Sample(renamed.shuffled(using: &random)) else { continue }
            overriding += sample.hasOverrides ? 1 : 0
            let difference = Difference(from: sample.program, to: other.program)
            #expect(
                difference.isEmpty && difference.reentries.isEmpty,
                "seed \(seed)\n\(sample.text)\n--- as\n\(other.text)\n\(difference)")
        }
        #expect(overriding > 0)
    }

    /// A rule as one rule for each of its actions.
    private static func split(_ statement: String, using random: inout SeededGenerator) -> [String] {
        guard statement.hasPrefix("rule "), random.chance(70) else { return [statement] }
        let lines = statement.split(separator: "\n").dropFirst().dropLast().map(String.init)
        let isAction = { (line: String) in
            ["rewrite", "allow", "deny"].contains { line.drop { $0 == " " }.hasPrefix($0) }
        }
        let head = statement.split(separator: "\n")[0].dropLast(2)
        let shared = lines.filter { !isAction($0) }
        return lines.filter(isAction).enumerated().map { number, line in
            (["\(head)-\(number) {"] + shared + [line, "}"]).joined(separator: "\n")
        }
    }
}

extension DifferenceFinder {
    /// Whether an image in its situation lies in a cell that was found.
    fileprivate func holds(_ witness: Witness) -> Bool {
        cells.contains { cell in
            cell.parts.contains { $0.contains(witness) } && !cell.holes.contains { $0.contains(witness) }
        }
    }
}

extension ImagePoint {
    fileprivate init(_ witness: DifferenceWitness) {
        self.init(text: witness.image)
        namespace = witness.namespace
        namespaceLabels = witness.namespaceLabels
        podLabels = witness.podLabels
        place = witness.place
        operation = witness.operation
        selfImage = witness.selfImage
    }
}
