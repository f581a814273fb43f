@testable import RuleLang

/// A small generator whose numbers depend on the seed alone (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

func parse(_ text: String) -> ParseResult {
    SyntaxTree.parse(SourceFile(name: "test.rules", text: text))
}

/// A diagnostic as tests write it: `E0206@3:14`.
func findings(_ text: String) -> [String] {
    let source = SourceFile(name: "test.rules", text: text)
    return SyntaxTree.parse(source).diagnostics.map { diagnostic in
        guard let span = diagnostic.primary?.span else { return diagnostic.code.rawValue }
        let position = source.position(at: span.start)
        return "\(diagnostic.code.rawValue)@\(position.line):\(position.column)"
    }
}

/// What a source becomes when a fix is applied.
func applying(_ fix: Diagnostic.Replacement, to text: String) -> String {
    let bytes = Array(text.utf8)
    return String(
        decoding: bytes[..<fix.span.start] + Array(fix.text.utf8) + bytes[fix.span.end...], as: UTF8.self)
}

/// A literal as it would be written: `"a${b}"`, `word`.
func text(_ literal: Literal) -> String {
    let inner = literal.segments.map { segment in
        switch segment.kind {
        case .text(let text): text
        case .interpolation(let name): "${\(name)}"
        }
    }.joined()
    return literal.isQuoted ? "\"\(inner)\"" : inner
}

/// A file with every statement in it, without a mistake.
let wholeFile = #"""
    # ECR pull-through cache
    language 1

    let ecr = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    let "odd name" = "a\"b\\c\$d$e"

    ignore self                                    # never touched
    ignore namespace kube-system, kube-node-lease,
        "test", team-*
    ignore pod where image-rewrite in (off, disabled), a notin (
        b,
        c
    ), d, !e, f == g, h != "", i in ()
    ignore image in ephemeral, volume
    ignore image "docker.io/library/registry",
        "quay.io/a/*"
    ignore operation update
    ignore image has no digest
    bypass "direct.to/", "raw.to/"
    accept W0402

    rule pull-through {
        when namespace where pull-through-enabled = true, !legacy
        when image has tag
        when operation create, update
        observe
        mark label app.example/patched = "yes: it is"
        mark annotation patched = on
        accept W0101, W0102
        rewrite "docker.io/*" to "${ecr}/docker.io/*" insert library warn "a" { # why
            digest to tag
            warn "b"
        }
        rewrite "quay.io/*", "ghcr.io/*",
            "registry.k8s.io/*" to "${ecr}/${registry}/*"
        rewrite "a/*" to "b/*" { drop library }
        allow "c/*" warn "c"
        deny "*/*" because "no" digest to tag
    }

    rule empty { }
    rule short { rewrite "a/*" to "b/*" }

    test "an official image gets library/" {
        given namespace team-a
        given namespace labels pull-through-enabled = true, a = ""
        given pod labels a = b,
            c = d
        given pod annotations e = "f: g"
        given operation update
        given image in init
        given image was "nginx:1.26"
        expect "nginx:1.27" becomes "${ecr}/docker.io/library/nginx:1.27" by pull-through
        expect nginx unchanged
        expect "direct.to/nginx:1.27" bypassed becomes "nginx:1.27" warns "a" warns "b"
        expect "x/y" denied "because" by "odd rule"
        expect a declined
        expect b ignored
        expect "C" unparsed
    }

    """#
