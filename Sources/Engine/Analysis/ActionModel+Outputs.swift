/// What actions write.
extension ActionModel {
    /// Where an action writes to; nil where it writes nothing.
    func target(of action: Int) -> RewriteTarget? {
        guard case .rewrite(let target, _) = actions[action].effect else { return nil }
        return target
    }

    /// What holds all that an action writes; nil where it writes nothing.
    func written(by action: Int) -> ImagePattern? {
        guard let target = target(of: action) else { return nil }
        let path = narrowestOutput(of: action)
        let hasWildcard = target.hasWildcard || path.components.count < target.components.count
        return ImagePattern(
            registry: .host(target.host), path: PathPattern(components: path.components, hasWildcard: hasWildcard))
    }

    /// The same as a box: under the action's conditions, whatever became of the tag, and in any later operation.
    func outputs(of action: Int) -> Box? {
        guard let written = written(by: action) else { return nil }
        var box = boxes[action]
        box.registries = AtomSet(written.registry)
        box.paths = AtomSet(written.path)
        box.tags = .all
        box.placesAndOperations = box.placesAndOperations.withAnyOperation
        return box
    }

    /// The narrowest path with `*` that holds all an action writes.
    func narrowestOutput(of action: Int) -> PathPattern {
        guard let target = target(of: action) else {
            return PathPattern(components: [], hasWildcard: true)
        }
        var components: [String] = []
        components.reserveCapacity(target.components.count)
        for component in target.components {
            switch component {
            case .literal(let text): components.append(text)
            case .registry:
                guard case .host(let host) = actions[action].pattern.registry else {
                    return PathPattern(components: components, hasWildcard: true)
                }
                components.append(host)
            }
        }
        return PathPattern(components: components, hasWildcard: true)
    }
}
