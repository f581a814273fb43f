import RuleLang

/// An answer to a review, and what it came of.
public struct ReviewAnswer: Sendable {
    /// What was decided, without words.
    public enum Outcome: Sendable, Equatable {
        /// There was nothing to decide.
        case passed
        /// The object stays as it is, or is changed by a patch; there is nothing to tell anybody.
        case decided(isPatched: Bool)
        /// There is something to tell: a denial, warnings, or a patch of more than images. Rare and large, and so
        /// kept apart: it would be moved about with every answer.
        indirect case explained(AdmissionReview, ReviewOutcome, AdmissionResponse)
    }

    /// The AdmissionReview to send back, as JSON.
    public internal(set) var json: [UInt8]
    /// What was decided.
    public let outcome: Outcome
}

/// Answers reviews one after another, the webhook without the server: from the bytes of a review to those of its
/// answer. It keeps its working memory from one to the next, so that an answer is all that is allocated.
public struct ReviewAnswerer: Sendable {
    private var reader = ReviewReader()
    private var evaluator = Evaluator()

    /// Makes an answerer, which has no memory yet.
    public init() {}

    /// Answers a review.
    ///
    /// An object that is no pod and holds none passes as it is; so does one that cannot be read, with a warning: what
    /// is wrong with it is the API server's to say.
    ///
    /// - Parameters:
    ///   - body: the review as it came.
    ///   - selfImage: the webhook's own image.
    ///   - namespaceLabels: finds the labels of a namespace, nil where they are not known. Asked only where the
    ///     program asks for them.
    /// - Throws: `ReviewError` where the body is not JSON, or not a review with a request and a uid.
    public mutating func answer(
        _ body: [UInt8], by program: Program, selfImage: Reference? = nil,
        namespaceLabels: (String) -> [String: String]?
    ) throws(ReviewError) -> ReviewAnswer {
        let matcher = program.matcher
        evaluator.reset(for: matcher)
        try reader.read(body.span)
        // What was decoded stands behind the text; mostly there is nothing.
        let bytes = reader.objects.extended(body) ?? body
        let workload: ObjectFields
        switch reader.fields.object {
        case .workload(let read): workload = read
        case .malformed: return explain(bytes, body, program, selfImage, namespaceLabels)
        case .notAWorkload, nil:
            guard isPassed(bytes.span) else { return explain(bytes, body, program, selfImage, namespaceLabels) }
            return pass(bytes.span)
        }
        var object = EvaluatedObject()
        if reader.fields.operation.holds("UPDATE", bytes.span) {
            object.operation = .update
        } else if !reader.fields.operation.holds("CREATE", bytes.span) {
            guard isPassed(bytes.span) else { return explain(bytes, body, program, selfImage, namespaceLabels) }
            return pass(bytes.span)
        }
        let namespace = reader.fields.namespace
        object.namespace = namespace.isEmpty ? workload.own?.namespace ?? .empty : namespace
        object.isMirrorPod = workload.pod.metadata?.isMirrorPod ?? false
        object.bypassed = workload.pod.metadata?.bypassed
        object.lists = workload.pod.lists
        if case .workload(let old) = reader.fields.oldObject { object.oldLists = old.pod.lists }
        evaluator.set(reader.objects.images)
        if let labels = workload.pod.metadata?.labels, matcher.podLabelKeys.count > 0 {
            guard readLabels(bytes.span, at: labels, matcher) else {
                return explain(bytes, body, program, selfImage, namespaceLabels)
            }
        }
        var labels: [String: String]?
        if matcher.asksForNamespaceLabels {
            labels = namespaceLabels(String(decoding: bytes[namespace.range], as: UTF8.self))
        }
        let situation = Situation(namespaceLabels: labels, selfImage: selfImage)
        let isMissingLabels = evaluator.decide(object, bytes.span, matcher, situation)
        if !isMissingLabels, let answer = write(workload, bytes.span, matcher) { return answer }
        return explain(bytes, body, program, selfImage) { _ in labels }
    }

    /// How many images the last review had that was decided.
    public var imageCount: Int { evaluator.verdicts.count }

    /// What became of an image of the last review, and the name of the rule that decided, if one did.
    public func image(_ index: Int, by program: Program) -> (outcome: ImageDecision.Outcome, rule: String?) {
        let verdict = evaluator.verdicts[index]
        let winner = verdict.outcome == .bypassed ? nil : verdict.winner
        return (verdict.outcome, winner.map { program.matcher.code.rules[program.matcher.code.actions[$0].rule].name })
    }

    /// Notes the labels that the rules ask for; false where one stands with escapes, as no valid label has to.
    private mutating func readLabels(_ bytes: ByteSpan, at offset: Int, _ matcher: Matcher) -> Bool {
        var hasEscapes = false
        forEachMember(bytes, at: offset) { key, value in
            hasEscapes = hasEscapes || key.hasEscapes || value?.hasEscapes == true
            evaluator.add(label: key.slice, bytes, value: value?.slice ?? .empty, for: matcher)
        }
        return !hasEscapes
    }

    // MARK: Answers

    /// Whether a review of which no workload is created or updated says all that it takes to know that.
    private func isPassed(_ bytes: ByteSpan) -> Bool {
        let (operation, kind) = (reader.fields.operation, reader.fields.requestKind)
        if operation.holds("DELETE", bytes) || operation.holds("CONNECT", bytes) { return true }
        guard operation.holds("CREATE", bytes) || operation.holds("UPDATE", bytes), !kind.isEmpty else { return false }
        let group = reader.fields.group
        return reader.fields.object != nil || PodPath { group.holds($0, bytes) && kind.holds($1, bytes) } == nil
    }

    private func pass(_ bytes: ByteSpan) -> ReviewAnswer {
        var writer = AnswerWriter(capacity: 256)
        begin(&writer, bytes)
        return ReviewAnswer(json: writer.end(), outcome: .passed)
    }

    private func begin(_ writer: inout AnswerWriter, _ bytes: ByteSpan) {
        writer.begin(
            apiVersion: { JSONBytes.append(reader.fields.apiVersion, bytes, to: &$0) },
            uid: { JSONBytes.append(reader.fields.uid, bytes, to: &$0) }, isAllowed: true)
    }

    /// The answer in words, by way of values: what is denied, warned about, marked or bypassed is worth them.
    private func explain(
        _ bytes: [UInt8], _ body: [UInt8], _ program: Program, _ selfImage: Reference?,
        _ namespaceLabels: (String) -> [String: String]?
    ) -> ReviewAnswer {
        let review = AdmissionReview(reader.fields, reader.objects, body)
        let labels = program.asksForNamespaceLabels ? namespaceLabels(review.namespace) : nil
        let outcome = program.outcome(of: review, namespaceLabels: labels, selfImage: selfImage)
        let response = AdmissionResponse(review, outcome)
        return ReviewAnswer(json: response.json(), outcome: .explained(review, outcome, response))
    }

    /// The answer where images are rewritten or left as they are, and nobody has to be told anything; nil where that
    /// is not all.
    private func write(
        _ workload: ObjectFields, _ bytes: ByteSpan, _ matcher: Matcher
    ) -> ReviewAnswer? {
        var rewritten = 0
        var size = 256 &+ reader.fields.uid.count
        for verdict in evaluator.verdicts {
            guard isSilent(verdict, matcher) else { return nil }
            guard let made = verdict.made else { continue }
            rewritten &+= 1
            size &+= made.count &* 4 &+ 256
        }
        var writer = AnswerWriter(capacity: size)
        begin(&writer, bytes)
        if rewritten > 0 {
            writer.beginPatch()
            writePatch(&writer, workload)
            writer.endPatch()
            guard writeAudit(&writer, workload, bytes, matcher) else { return nil }
        }
        return ReviewAnswer(json: writer.end(), outcome: .decided(isPatched: rewritten > 0))
    }

    /// Whether an image is rewritten or left as it is, without a word.
    private func isSilent(_ verdict: Verdict, _ matcher: Matcher) -> Bool {
        switch verdict.outcome {
        case .denied, .declined, .unparsed: return false
        case .rewritten, .unchanged, .ignored, .bypassed: break
        }
        guard verdict.observed == nil, verdict.stripped == nil else { return false }
        guard let winner = verdict.winner else { return true }
        return matcher.actions[winner].isSilent
    }

    private func writePatch(_ writer: inout AnswerWriter, _ workload: ObjectFields) {
        var isFirst = true
        forEachRewritten(workload) { field, made, _ in
            writer.literal(isFirst ? "[{\"op\":\"replace\",\"path\":\"" : ",{\"op\":\"replace\",\"path\":\"")
            isFirst = false
            writer.literal(workload.podPath.pointer)
            writer.literal("/spec/")
            writer.literal(field.place.listKey)
            writer.literal("/")
            writer.number(field.index)
            // A reference holds nothing that JSON escapes.
            writer.literal(field.place == .volume ? "/image/reference\",\"value\":\"" : "/image\",\"value\":\"")
            writer.bytes.append(evaluator.output.span, made)
            writer.literal("\"}")
            return true
        }
        writer.literal("]")
    }

    /// Calls `body` with each image that is rewritten, what it becomes and the action, as long as it returns true.
    @inline(__always)
    private func forEachRewritten(_ workload: ObjectFields, _ body: (FieldSlot, TextSlice, Int) -> Bool) {
        var number = 0
        for list in 0..<4 {
            for index in workload.pod.lists[list] {
                let verdict = evaluator.verdicts[number]
                number &+= 1
                guard let made = verdict.made, let winner = verdict.winner else { continue }
                guard body(evaluator.fields[index], made, winner) else { return }
            }
        }
    }

    /// Writes what the audit log gets; false where that holds anything that is not plain ASCII.
    private func writeAudit(
        _ writer: inout AnswerWriter, _ workload: ObjectFields, _ bytes: ByteSpan, _ matcher: Matcher
    ) -> Bool {
        writer.literal(",\"auditAnnotations\":{\"rewritten\":\"")
        let start = writer.bytes.count
        forEachRewritten(workload) { field, made, winner in
            if writer.bytes.count > start { writer.literal("; ") }
            writer.text(field.place.rawValue)
            writer.literal("/")
            writer.bytes.append(bytes, field.name)
            writer.literal(": ")
            writer.bytes.append(bytes, field.text)
            writer.literal(" -> ")
            writer.bytes.append(evaluator.output.span, made)
            writer.literal(" (rule ")
            writer.text(matcher.code.rules[matcher.code.actions[winner].rule].name)
            writer.literal(")")
            return writer.bytes.count &- start <= AdmissionResponse.auditLimit
        }
        for index in start..<writer.bytes.count {
            let byte = writer.bytes[index]
            guard JSONBytes.isPlain(byte), byte < 0x80 else { return false }
        }
        if writer.bytes.count &- start > AdmissionResponse.auditLimit {
            writer.bytes.removeLast(writer.bytes.count &- start &- AdmissionResponse.auditLimit &+ 1)
            writer.text("…")
        }
        writer.literal("\"}")
        return true
    }
}
