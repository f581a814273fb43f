import Foundation
import Testing

@testable import Cluster
@testable import Server

/// The manager and the replicas against an API server.
@Suite(.ownThreads) struct CertificateManagerTests {
    @Test("three replicas and two managers that start at once on an empty cluster end with one CA that all trust")
    func emptyCluster() async throws {
        let release = try Release()
        let replicas = try (0..<3).map { _ in try release.replica() }
        let managers = try (0..<2).map { _ in try release.manager() }
        await withTaskGroup(of: Void.self) { group in
            for replica in replicas { group.addTask { await replica.issuer.run() } }
            for manager in managers { group.addTask { await manager.run() } }
            let isDone = await eventually { replicas.allSatisfy { $0.certificate.live != nil } }
            #expect(isDone)
            let isTrusted = await eventually {
                guard let bundle = release.bundle(.mutating) else { return false }
                return bundle == release.bundle(.validating) && TrustedCertificate.bundle(bundle)?.count == 1
                    && replicas.allSatisfy { $0.isTrusted(by: bundle) }
            }
            #expect(isTrusted)
            group.cancelAll()
        }
        let state = try #require(release.state)
        #expect(state.bundlePEM == release.bundle(.mutating))
        #expect(release.lines.all.filter { $0.contains("a CA was made") }.count == 1)
    }

    @Test("a bundle that somebody wipes is written again, by name, and nothing else is touched")
    func heals() async throws {
        let release = try Release()
        let manager = try release.manager()
        try await manager.look()
        let bundle = try #require(release.bundle(.mutating))
        release.setBundle(.mutating, "")
        try await manager.look()
        #expect(release.bundle(.mutating) == bundle)
        let object = try #require(release.server.cluster.object(release.path(.mutating)))
        let webhooks = try #require(object["webhooks"] as? [[String: Any]])
        let other = try #require(webhooks.first { $0["name"] as? String == "other.example.com" })
        #expect((other["clientConfig"] as? [String: Any])?["caBundle"] == nil)
        #expect((webhooks.first?["clientConfig"] as? [String: Any])?["service"] != nil)
        #expect(manager.metricsText().contains("ruled_ca_bundle_overwrites_total 1\n"))
        #expect(release.lines.contain("somebody replaced the bundle"))
    }

    @Test("who keeps replacing a bundle is let have it for a while, and counted")
    func fights() async throws {
        let release = try Release()
        let manager = try release.manager()
        try await manager.look()
        var left = 0
        for _ in 0..<12 {
            release.setBundle(.mutating, "theirs")
            release.clock.advance(5)
            try await manager.look()
            if release.bundle(.mutating) == "theirs" { left += 1 }
        }
        #expect(left >= 5)
        #expect(manager.metricsText().contains("ruled_ca_bundles{state=\"contested\"} 1\n"))
        #expect(!manager.metricsText().contains("ruled_ca_bundle_fights_total 0\n"))
        release.clock.advance(BundleKeeper.longestWait)
        try await manager.look()
        #expect(release.bundle(.mutating) == release.state?.bundlePEM)
    }

    @Test("a configuration that cert-manager fills in is left alone")
    func certManager() async throws {
        let release = try Release()
        release.annotate(.mutating, ["cert-manager.io/inject-ca-from": "ruled/serving"])
        let manager = try release.manager()
        try await manager.look()
        #expect(release.bundle(.mutating) == "")
        #expect(release.bundle(.validating) == release.state?.bundlePEM)
        #expect(manager.metricsText().contains("ruled_ca_bundles{state=\"cert-manager\"} 1\n"))
    }

    @Test("a Secret that is deleted or broken comes back as it was", arguments: ["deleted", "broken", "emptied"])
    func lostSecret(how: String) async throws {
        let release = try Release()
        let manager = try release.manager()
        try await manager.look()
        let state = try #require(release.state)
        switch how {
        case "deleted": release.server.cluster.remove(release.secretPath)
        case "broken": release.setSecret(["tls.crt": "eA==", "tls.key": "eA==", "ca.crt": "eA=="])
        default: release.setSecret([:])
        }
        try await manager.look()
        #expect(release.state == state)
        #expect(release.lines.contain("the CA's Secret was lost"))
    }

    @Test("a Secret that is lost while no manager runs is replaced without a replica being left untrusted")
    func lostWithoutManager() async throws {
        let release = try Release()
        try await release.manager().look()
        let replica = try release.replica()
        try await replica.issuer.look()
        release.server.cluster.remove(release.secretPath)
        await #expect(throws: APIFailure.self) { try await replica.issuer.look() }
        #expect(replica.certificate.live != nil)
        let manager = try release.manager()
        try await manager.look()
        let bundle = try #require(release.bundle(.mutating))
        #expect(TrustedCertificate.bundle(bundle)?.count == 2)
        try await replica.issuer.look()
        #expect(replica.isTrusted(by: bundle))
        // Once every API server can know the new CA, the replica follows, and later the old CA goes.
        let before = replica.leafIssuer
        release.clock.advance(release.timing.propagation)
        try await replica.issuer.look()
        #expect(replica.leafIssuer != before)
        try await manager.look()
        release.clock.advance(release.timing.retirement)
        try await manager.look()
        #expect(TrustedCertificate.bundle(try #require(release.bundle(.mutating)))?.count == 1)
    }

    @Test("a write that another was faster with is given up, and the other's is taken")
    func conflict() async throws {
        let release = try Release()
        let manager = try release.manager()
        release.server.failNext([.answer(StubCluster.status(409, "Conflict", "conflict"))]) { $0.verb == "patch" }
        let failure = await #expect(throws: APIFailure.self) { try await manager.look() }
        #expect(failure?.kind == .conflict)
        #expect(!manager.isReady)
        try await manager.look()
        #expect(manager.isReady)
    }

    @Test(
        "nothing is lost while the API server fails, and it is said once",
        arguments: [403, 500, 429, 0])
    func failures(status: Int) async throws {
        let release = try Release()
        release.timing.interval = 0.01
        let manager = try release.manager()
        let fault: StubAPIServer.Fault =
            status == 0 ? .hangUp : .answer(StubCluster.status(status, "Reason", "no secrets for you"))
        release.server.failNext([fault, fault, fault])
        let task = clusterTask { await manager.run() }
        #expect(await eventually { manager.isReady })
        task.cancel()
        await task.value
        #expect(release.lines.all.filter { $0.contains("cannot be tended") }.count <= 2)
        #expect(release.lines.contain("can be tended again"))
    }

    @Test("what a kube-apiserver says of a webhook configuration is understood", .enabled(if: Recorded.isThere))
    func recordedConfiguration() throws {
        let object = try WebhookConfigurationObject.read(try Recorded.answer("mwc-get.txt").body)
        let target = WebhookConfiguration.Target(namespace: "ruled", service: "ruled", hosts: ["127.0.0.1"])
        let read = WebhookConfiguration.parse(object, target)
        #expect(read.resourceVersion == "1246")
        #expect(read.lastWriter == "kubectl-patch")
        #expect(read.bundles.values.allSatisfy { $0.contains("BEGIN CERTIFICATE") })
        #expect(read.bundles.keys.sorted() == ["rec.example.com"])
        let secret = try SecretObject.read(try Recorded.answer("secret-create-201.txt").body)
        #expect(secret.data == ["tls.crt": "eA=="])
    }

    @Test("without the API server a replica goes on for as long as its CA is valid")
    func apiServerGone() async throws {
        let release = try Release()
        try await release.manager().look()
        let replica = try release.replica()
        try await replica.issuer.look()
        let first = replica.leafIssuer
        release.server.goAway()
        for _ in 0..<48 {
            release.clock.advance(3_600)
            await #expect(throws: APIFailure.self) { try await replica.issuer.look() }
        }
        #expect(replica.certificate.live?.notAfter ?? 0 > release.clock.now)
        #expect(replica.leafIssuer == first)
        release.server.comeBack()
        try await replica.issuer.look()
    }

    @Test("after a jump of the clock a replica issues itself what is valid now", arguments: [-7_200.0, 90_000])
    func jump(seconds: Double) async throws {
        let release = try Release()
        try await release.manager().look()
        release.clock.advance(86_400)
        let replica = try release.replica()
        try await replica.issuer.look()
        release.clock.jump(seconds)
        try await replica.issuer.look()
        let live = try #require(replica.certificate.live)
        #expect(live.notBefore <= release.clock.now && release.clock.now < live.notAfter)
    }
}
