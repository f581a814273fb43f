import RuleLang

/// What one program writes and the other would take up: a rollout runs both for a while, and a pod that the one
/// patched may come to the other.
///
/// What a program writes it leaves alone itself; that was proved when it was checked. So the other one takes it up
/// only where the two differ, and only there is looked.
struct RolloutAnalysis {
    /// How many ways from an action into a region are looked at.
    private static let budget = 200_000
    /// How many findings are told, a pair of actions each.
    private static let limit = 100

    private let finder: DifferenceFinder

    init(_ finder: DifferenceFinder) {
        self.finder = finder
    }

    /// What is found, and whether all that was to be looked at could be.
    func run() -> (reentries: [DifferenceReentry], isComplete: Bool) {
        let (old, new) = (reentries(isFromOld: true), reentries(isFromOld: false))
        return (old.found + new.found, old.isComplete && new.isComplete)
    }

    private func reentries(isFromOld: Bool) -> (found: [DifferenceReentry], isComplete: Bool) {
        let (writer, taker) = isFromOld ? (finder.old, finder.new) : (finder.new, finder.old)
        var writers: [String: [Int]] = [:]
        for index in writer.boxes.indices where !writer.isObserved(index) {
            if case .rewrite(let target, _) = writer.action(index).effect {
                writers[target.host, default: []].append(index)
            }
        }
        var found: [DifferenceReentry] = []
        var told: Set<[RuleLocation]> = []
        var work = 0
        func tell(_ reentry: DifferenceReentry?) {
            guard let reentry, found.count < Self.limit,
                told.insert([reentry.writer] + (reentry.taker.map { [$0] } ?? [])).inserted
            else { return }
            found.append(reentry)
        }
        for cell in finder.cells where cell.layer == .acting {
            guard case .action(let index) = isFromOld ? cell.right : cell.left, !isAllowed(taker.action(index)) else {
                continue
            }
            for part in cell.parts {
                for host in hosts(part.imagePattern.registry, among: writers) {
                    for source in writers[host] ?? [] {
                        work += 1
                        guard work <= Self.budget else { return (found, false) }
                        tell(reentry(source, part, cell.holes, isFromOld, writer, taker))
                    }
                }
            }
        }
        for prefix in taker.program.code.bypassPrefixes {
            for source in writers[String(prefix.utf8.dropLast()) ?? ""] ?? [] {
                tell(reentry(source, .everything, [], isFromOld, writer, taker))
            }
        }
        return (found, true)
    }

    private func isAllowed(_ action: CompiledAction) -> Bool {
        if case .allow = action.effect { true } else { false }
    }

    private func hosts(_ registry: RegistryPattern, among writers: [String: [Int]]) -> [String] {
        if case .host(let host) = registry { return [host] }
        return writers.keys.filter(registry.matches).sorted()
    }

    /// An image that one action turns into one of a region, if there is one.
    private func reentry(
        _ source: Int, _ region: Box, _ holes: [Box], _ isFromOld: Bool, _ writer: IndexedProgram,
        _ taker: IndexedProgram
    ) -> DifferenceReentry? {
        guard let preimage = Preimage(writer.action(source), writer.boxes[source]) else { return nil }
        func origins(of box: Box) -> [Box] {
            preimage.shapes.compactMap { preimage.of(box.imagePattern, box, through: $0) }
        }
        let sources = origins(of: region)
        func first(_ boxes: [Box]) -> DifferenceReentry? {
            boxes.lazy.flatMap(\.telling).compactMap { confirmed($0, source, isFromOld, writer, taker) }.first
        }
        guard !sources.isEmpty else { return nil }
        if let found = first(sources) { return found }
        var before = holes.flatMap(origins) + writer.ignores.map(\.box)
        for action in writer.actions(meeting: writer.action(source).pattern)
        where action < source && !writer.isObserved(action) {
            before.append(writer.boxes[action])
        }
        guard before.count <= DifferenceFinder.holeBudget else { return nil }
        return first(Box.remainder(of: sources, without: before) ?? [])
    }

    private func confirmed(
        _ witness: Witness, _ source: Int, _ isFromOld: Bool, _ writer: IndexedProgram, _ taker: IndexedProgram
    ) -> DifferenceReentry? {
        var point = ImagePoint(witness)
        let place = writer.program.locations[source]
        guard let written = point.decide(by: writer.program).images.first, written.outcome == .rewritten,
            written.by == place, let output = written.to
        else { return nil }
        point.text = output
        for operation in Operation.allCases {
            point.operation = operation
            guard let taken = point.decide(by: taker.program).images.first,
                taken.to != nil || taken.outcome == .denied
            else { continue }
            return DifferenceReentry(
                isFromOld: isFromOld, writer: place, taker: taken.by, image: witness.reference.text,
                namespace: witness.namespace, namespaceLabels: witness.namespaceLabels, podLabels: witness.podLabels,
                place: witness.place, output: output, result: taken.to)
        }
        return nil
    }
}
