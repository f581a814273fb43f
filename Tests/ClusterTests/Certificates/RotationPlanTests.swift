import Testing

@testable import Cluster

/// What becomes of the authorities, without a cluster.
@Suite struct RotationPlanTests {
    private let now = 1_800_000_000.0
    private let day = 86_400.0
    private let timing = CertificateTiming()
    private var plan: RotationPlan { RotationPlan(timing: timing) }

    private func make(_ now: Double) throws(AuthorityFailure) -> CertificateAuthority {
        try CertificateAuthority(now: now, life: timing.authorityLife)
    }

    private func state(age: Double = 0) throws -> AuthorityState {
        AuthorityState(issuing: try make(now - age), issuingSince: now - age)
    }

    private func decide(
        _ secret: RotationPlan.Secret, remembered: AuthorityState? = nil, steady: Double = 1_000,
        bundles: [TrustedCertificate] = [], now: Double? = nil
    ) throws -> RotationPlan.Action {
        try plan.decide(
            .init(now: now ?? self.now, secret: secret, remembered: remembered, steady: steady, bundles: bundles),
            make: make)
    }

    private func written(_ action: RotationPlan.Action) throws -> (AuthorityState, RotationPlan.Reason) {
        guard case .write(let state, let reason) = action else {
            Issue.record("nothing is written")
            throw AuthorityFailure(reason: "nothing is written")
        }
        return (state, reason)
    }

    @Test("a Secret that holds a good CA stays as it is")
    func steady() throws {
        #expect(try decide(.holds(try state())) == .keep)
        #expect(try decide(.holds(try state(age: 200 * day))) == .keep)
    }

    @Test("without a Secret a CA is made, and what webhooks trust stays trusted")
    func created() throws {
        let old = try make(now - 10 * day)
        let expired = try make(now - 400 * day)
        let (state, reason) = try written(decide(.absent, bundles: [old.trusted, expired.trusted]))
        #expect(reason == .created)
        #expect(state.previous == [old.trusted])
        #expect(state.issuing.isValid(at: now))
    }

    @Test("a Secret that is lost or broken gets back what it held, if that is known")
    func restored() throws {
        let known = try state()
        #expect(try decide(.absent, remembered: known) == .write(known, .restored))
        #expect(try decide(.broken("x"), remembered: known) == .write(known, .restored))
        #expect(try written(decide(.broken("x"))).1 == .replaced)
    }

    @Test("the successor is made in time, issues once it was trusted long enough, and the old CA goes last")
    func rotation() throws {
        let old = try state(age: timing.authorityAge)
        let (introduced, first) = try written(decide(.holds(old)))
        #expect(first == .introduced)
        #expect(introduced.issuing == old.issuing)
        #expect(introduced.bundle.count == 2)
        #expect(try decide(.holds(introduced), steady: timing.propagation - 1) == .keep)
        let (promoted, second) = try written(decide(.holds(introduced), steady: timing.propagation))
        #expect(second == .promoted)
        #expect(promoted.issuing == introduced.next)
        #expect(promoted.bundle.map(\.pem).sorted() == introduced.bundle.map(\.pem).sorted())
        #expect(try decide(.holds(promoted), now: now + timing.leafLife) == .keep)
        #expect(try decide(.holds(promoted), steady: 0, now: now + timing.retirement) == .keep)
        let (retired, third) = try written(decide(.holds(promoted), now: now + timing.retirement))
        #expect(third == .retired)
        #expect(retired.bundle == [promoted.issuing.trusted])
    }

    @Test("what an old CA issued has expired before it is not trusted any more")
    func retirement() {
        #expect(timing.retirement > timing.leafLife)
    }

    @Test("an expired CA is replaced at once, by its successor where there is one")
    func expired() throws {
        var old = try state(age: 366 * day)
        let (fresh, reason) = try written(decide(.holds(old), bundles: old.bundle))
        #expect(reason == .expired)
        #expect(fresh.previous.isEmpty)
        old.next = try make(now - day)
        #expect(try written(decide(.holds(old), steady: 0)).1 == .promoted)
    }

    @Test("a clock that went back neither ends nor hurries anything")
    func clockBack() throws {
        var state = try state()
        state.issuingSince = now + 10 * day
        let (mended, reason) = try written(decide(.holds(state)))
        #expect(reason == .clock)
        #expect(mended.issuingSince == now)
        // A CA of the future gets a successor the usual way, with both trusted.
        let future = AuthorityState(issuing: try make(now + 10 * day), issuingSince: now)
        let (changed, second) = try written(decide(.holds(future)))
        #expect(second == .introduced)
        #expect(changed.issuing == future.issuing)
    }

    @Test("a Secret is read as it was written, and not where anything is amiss")
    func secret() throws {
        var state = try state(age: day)
        state.next = try make(now)
        state.previous = [try make(now - 30 * day).trusted, try make(now - 20 * day).trusted]
        let read = try AuthorityState(secret: state.secret)
        #expect(read == state)
        #expect(read.bundlePEM == state.bundlePEM)
        for key in ["tls.crt", "tls.key", "ca.crt"] {
            for value in [nil, "", "!", "eA=="] as [String?] {
                var broken = state.secret
                broken[key] = value
                #expect(throws: AuthorityFailure.self) { try AuthorityState(secret: broken) }
            }
        }
        var mixed = state.secret
        mixed["tls.key"] = try self.state().secret["tls.key"]
        #expect(throws: AuthorityFailure.self) { try AuthorityState(secret: mixed) }
    }

    @Test("a failure never quotes the key")
    func secrecy() throws {
        let failure = #expect(throws: AuthorityFailure.self) {
            try CertificateAuthority(certificate: try make(now).trusted.pem, key: "private words")
        }
        #expect(failure?.reason.contains("private words") == false)
    }

    @Test("a replica issues when it has nothing, at two thirds of a life, and when its clock jumps")
    func leaf() throws {
        let plan = LeafPlan(timing: timing)
        let state = try state(age: 10 * day)
        #expect(plan.decide(nil, state, now: now) == .issue)
        let leaf = try state.issuing.issue(names: ["x"], now: now, life: timing.leafLife)
        #expect(leaf.notBefore == now - 3_600)
        #expect(plan.decide(leaf, state, now: now) == .keep)
        #expect(plan.decide(leaf, state, now: now + timing.leafLife * 0.65) == .keep)
        #expect(plan.decide(leaf, state, now: now + timing.leafLife * 0.68) == .issue)
        #expect(plan.decide(leaf, state, now: now + 2 * timing.leafLife) == .issue)
        #expect(plan.decide(leaf, state, now: now - 2 * 3_600) == .issue)
    }

    @Test("a replica follows a successor at once, but a CA that came from nowhere only when webhooks can know it")
    func leafAndAuthority() throws {
        let plan = LeafPlan(timing: timing)
        let old = try state(age: 10 * day)
        let leaf = try old.issuing.issue(names: ["x"], now: now, life: timing.leafLife)
        var successor = AuthorityState(issuing: try make(now - timing.propagation), issuingSince: now)
        successor.previous = [old.issuing.trusted]
        #expect(plan.decide(leaf, successor, now: now) == .issue)
        var emergency = AuthorityState(issuing: try make(now), issuingSince: now)
        #expect(plan.decide(leaf, emergency, now: now) == .issue)
        emergency.previous = [old.issuing.trusted]
        #expect(plan.decide(leaf, emergency, now: now) == .keep)
        #expect(plan.decide(leaf, emergency, now: now + timing.propagation) == .issue)
    }

    @Test("a serving certificate never outlives its CA, and is not issued again and again at the end")
    func leafAtTheEnd() throws {
        let state = try state(age: 365 * day - 7_200)
        let leaf = try state.issuing.issue(names: ["x"], now: now, life: timing.leafLife)
        #expect(leaf.notAfter == state.issuing.trusted.notAfter)
        #expect(LeafPlan(timing: timing).decide(leaf, state, now: leaf.notAfter - 1) == .keep)
    }
}

/// When a bundle is written.
@Suite struct BundleKeeperTests {
    @Test("a bundle that is replaced is healed at once, and with patience when that goes on")
    func fight() {
        var keeper = BundleKeeper()
        #expect(keeper.decide(.wrong, wanted: "a", now: 0) == .write)
        keeper.wrote("a")
        for time in [5.0, 10, 15] {
            #expect(keeper.decide(.wrong, wanted: "a", now: time) == .write)
            keeper.wrote("a")
        }
        #expect(keeper.overwrites == 3)
        #expect(keeper.fights == 0)
        #expect(keeper.decide(.wrong, wanted: "a", now: 20) == .wait)
        #expect(keeper.decide(.wrong, wanted: "a", now: 25) == .wait)
        #expect(keeper.overwrites == 4)
        #expect(keeper.fights == 1)
        #expect(keeper.decide(.wrong, wanted: "a", now: 30) == .write)
        keeper.wrote("a")
        #expect(keeper.decide(.wrong, wanted: "a", now: 35) == .wait)
        #expect(keeper.decide(.wrong, wanted: "a", now: 54) == .wait)
        #expect(keeper.decide(.wrong, wanted: "a", now: 55) == .write)
    }

    @Test("a fight is forgotten after a while of peace")
    func peace() {
        var keeper = BundleKeeper()
        for time in [0.0, 5, 10, 15] {
            _ = keeper.decide(.wrong, wanted: "a", now: time)
            keeper.wrote("a")
        }
        #expect(keeper.decide(.right, wanted: "a", now: 20) == .keep)
        #expect(keeper.decide(.right, wanted: "a", now: 20 + BundleKeeper.peace) == .keep)
        #expect(keeper.decide(.wrong, wanted: "a", now: 2_000) == .write)
        #expect(keeper.fights == 0)
    }

    @Test("a new bundle of our own is no overwrite")
    func change() {
        var keeper = BundleKeeper()
        for (time, bundle) in [(0.0, "a"), (5, "b"), (10, "c"), (15, "d"), (20, "e")] {
            #expect(keeper.decide(.wrong, wanted: bundle, now: time) == .write)
            keeper.wrote(bundle)
            #expect(keeper.decide(.right, wanted: bundle, now: time + 1) == .keep)
        }
        #expect(keeper.overwrites == 0)
    }

    @Test("a write that never arrived is no overwrite either")
    func failedWrite() {
        var keeper = BundleKeeper()
        for time in 0..<10 { #expect(keeper.decide(.wrong, wanted: "a", now: Double(time)) == .write) }
        #expect(keeper.overwrites == 0)
    }
}
