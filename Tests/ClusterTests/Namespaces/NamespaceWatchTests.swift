import Testing

@testable import Cluster

/// Following namespaces, without a cluster.
@Suite struct NamespaceWatchTests {
    private func page(_ names: [String], version: String = "10", next: String? = nil) -> NamespaceList {
        NamespaceList(
            metadata: .init(resourceVersion: version, continue: next),
            items: names.map { NamespaceObject(metadata: ObjectMetadata(name: $0, labels: ["name": $0])) })
    }

    private func event(_ type: String, _ name: String?, _ version: String, _ labels: [String: String] = [:])
        -> NamespaceEvent
    {
        NamespaceEvent(
            type: type,
            object: .init(metadata: ObjectMetadata(name: name, resourceVersion: version, labels: labels)))
    }

    @Test("pages count once the last has come, and the watch begins where the list was")
    func pages() {
        var watch = NamespaceWatch()
        #expect(watch.step == .list(after: nil))
        #expect(watch.listed(page(["a"], next: "t")) == nil)
        #expect(watch.step == .list(after: "t"))
        #expect(watch.listed(page(["b"], version: "12")) == .replace(["a": ["name": "a"], "b": ["name": "b"]]))
        #expect(watch.step == .watch(since: "12"))
    }

    @Test("events change the labels, and each moves the version on")
    func events() {
        var watch = NamespaceWatch()
        _ = watch.listed(page([]))
        #expect(watch.received(event("ADDED", "a", "11", ["x": "1"])) == .change(.set("a", ["x": "1"])))
        #expect(watch.received(event("MODIFIED", "a", "12")) == .change(.set("a", [:])))
        #expect(watch.received(event("DELETED", "a", "13")) == .change(.remove("a")))
        #expect(watch.received(event("BOOKMARK", nil, "20")) == .nothing)
        #expect(watch.received(event("NEWS", "a", "21")) == .nothing)
        #expect(watch.step == .watch(since: "21"))
    }

    @Test("a version that is too old makes the list begin anew, whichever way it is told")
    func expired() {
        var watch = NamespaceWatch()
        _ = watch.listed(page([]))
        #expect(watch.received(NamespaceEvent(type: "ERROR", object: .init(code: 410))) == .end)
        #expect(watch.step == .list(after: nil))
        _ = watch.listed(page(["a"], next: "t"))
        _ = watch.failed(APIFailure(.expired, "gone"))
        #expect(watch.step == .list(after: nil))
        // What the abandoned pages held is not there any more.
        #expect(watch.listed(page(["b"])) == .replace(["b": ["name": "b"]]))
    }

    @Test("what fails is tried again from where it was, later and later")
    func failures() {
        var watch = NamespaceWatch(backoff: Backoff(first: 1, limit: 8))
        _ = watch.listed(page([]))
        let waits = (0..<5).map { _ in watch.failed(APIFailure(.unreachable, "x"), jitter: 1) }
        #expect(waits == [1, 2, 4, 8, 8])
        #expect(watch.step == .watch(since: "10"))
        #expect(watch.failed(APIFailure(.busy, "x", retryAfter: 20), jitter: 0) == 20)
    }

    @Test("a watch that was alive and breaks is the first failure in a row, one that only took its time is not")
    func breaks() {
        var watch = NamespaceWatch(backoff: Backoff(first: 1, limit: 8))
        _ = watch.listed(page([]))
        let failure = APIFailure(.unreachable, "x")
        #expect((0..<3).map { _ in watch.failed(failure, after: 60, jitter: 1) } == [1, 2, 4])
        _ = watch.received(event("BOOKMARK", nil, "11"))
        #expect(watch.failed(failure, after: 60, jitter: 1) == 1)
        _ = watch.received(event("BOOKMARK", nil, "12"))
        #expect(watch.failed(failure, after: 0.1, jitter: 1) == 2)
        #expect(watch.failed(failure, after: 60, jitter: 1) == 4)
    }

    @Test("a watch that ends in its time is taken up at once, one that ends at once is not")
    func ends() {
        var watch = NamespaceWatch()
        _ = watch.listed(page([]))
        #expect(watch.ended(after: 300) == 0)
        #expect(watch.ended(after: 0.1, jitter: 1) == 1)
        #expect(watch.ended(after: 0.1, jitter: 1) == 2)
        #expect(watch.ended(after: 300) == 0)
        #expect(watch.ended(after: 0.1, jitter: 1) == 1)
    }

    @Test("what a kube-apiserver really sent is understood", .enabled(if: Recorded.isThere))
    func recorded() throws {
        var watch = NamespaceWatch()
        #expect(watch.listed(try .read(try Recorded.answer("namespaces-page1.txt").body)) == nil)
        guard case .list(let token) = watch.step else { Issue.record("no second page"); return }
        #expect(token?.hasPrefix("eyJ2") == true)
        watch = NamespaceWatch()
        guard case .replace(let names)? = watch.listed(try .read(try Recorded.bytes("namespaces-list.json"))) else {
            Issue.record("the list is not whole")
            return
        }
        #expect(names["boutique"] == ["kubernetes.io/metadata.name": "boutique", "pull-through-enabled": "true"])
        #expect(watch.step == .watch(since: "1915"))
        var splitter = LineSplitter(limit: 1 << 20)
        var labels: [String: [String: String]] = [:]
        for line in try splitter.add(try Recorded.bytes("namespaces-watch.ndjson")) {
            switch watch.received(try .read(line)) {
            case .change(.set(let name, let found)): labels[name] = found
            case .change(.remove(let name)): labels[name] = nil
            default: break
            }
        }
        #expect(labels["team-a"] == ["kubernetes.io/metadata.name": "team-a", "pull-through-enabled": "true"])
        // A namespace that is being deleted is still there.
        #expect(labels.keys.sorted() == ["gone", "team-a"])
        #expect(watch.step == .watch(since: "1883"))
        var rest = LineSplitter(limit: 1 << 20)
        for line in try rest.add(try Recorded.bytes("watch-error-410.ndjson") + [0x0a]) {
            #expect(watch.received(try .read(line)) == .end)
        }
        #expect(watch.step == .list(after: nil))
    }
}

/// Questions about single namespaces, without a cluster.
@Suite struct NamespaceLookupsTests {
    @Test("a namespace is asked for once at a time, and an answer counts for a while")
    func once() {
        var lookups = NamespaceLookups()
        #expect(lookups.ask("a", now: 0) == .ask)
        #expect(lookups.ask("a", now: 0.1) == .join)
        lookups.finished("a", ["x": "1"], now: 0.2)
        #expect(lookups.ask("a", now: 1) == .answer(["x": "1"]))
        #expect(lookups.ask("a", now: 0.2 + NamespaceLookups.memory) == .ask)
        lookups.finished("a", nil, now: 20)
        #expect(lookups.ask("a", now: 21) == .answer(nil))
        #expect(lookups.ask("a", now: 20 + NamespaceLookups.absence) == .ask)
    }

    @Test("there are never more questions than the bounds allow")
    func bounds() {
        var lookups = NamespaceLookups()
        let first = (0..<100).map { lookups.ask("a\($0)", now: 0) }
        #expect(first.filter { $0 == .ask }.count == NamespaceLookups.concurrent)
        #expect(lookups.shed == 100 - NamespaceLookups.concurrent)
        // A flood of names for ten seconds, each answered at once.
        lookups = NamespaceLookups()
        for number in 0..<10_000 {
            let now = Double(number) / 1_000
            if lookups.ask("b\(number)", now: now) == .ask { lookups.finished("b\(number)", nil, now: now) }
        }
        #expect(Double(lookups.asked) <= NamespaceLookups.burst + 10 * NamespaceLookups.perSecond + 1)
        #expect(lookups.asked > 200)
    }

    @Test(
        "what cannot name a namespace is never asked",
        arguments: ["", "A", "a/b", "../x", "a.b", "-a", "a b", "a?x", String(repeating: "a", count: 64)])
    func names(name: String) {
        var lookups = NamespaceLookups()
        #expect(lookups.ask(name, now: 0) == .answer(nil))
    }
}
