import Engine
import RuleLang

/// Rule sets, made here so that measuring needs no files.
enum RuleTexts {
    /// The default rule set without its tests.
    static let pullThrough = """
        language 1
        let ecr = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
        ignore self
        ignore namespace kube-system, kube-public, kube-node-lease
        ignore pod where image-rewrite in (off, disabled)
        bypass "direct.to/"
        rule pull-through {
            when namespace where pull-through-enabled = true
            rewrite "docker.io/*" to "${ecr}/docker.io/*" insert library
            rewrite "quay.io/*", "ghcr.io/*", "registry.k8s.io/*" to "${ecr}/${registry}/*"
        }

        """

    /// A mirror that has been told of every application: rules of a hundred patterns each, at 40 registries.
    static func rewrites(_ count: Int) -> String {
        var text = "language 1\nlet mirror = \"mirror.corp.example\"\n"
        for rule in 0..<(count + 99) / 100 {
            text += "rule mirror-\(rule) {\n"
            for index in rule * 100..<min(count, rule * 100 + 100) {
                let registry = "registry-\(index % 40).example"
                let path = "team-\(index / 40 % 100)/app-\(index)"
                // A quarter are single repositories.
                let rest = index % 4 == 3 ? "" : "/*"
                text += "    rewrite \"\(registry)/\(path)\(rest)\" to \"${mirror}/\(index)/\(path)\(rest)\"\n"
            }
            text += "}\n"
        }
        return text
    }

    /// Twenty rules for one pattern that labels of the pod tell apart, and twenty for another, where it is labels of
    /// the namespace. Between them is every kind of requirement.
    static let selectors: String = {
        var text = "language 1\nlet mirror = \"mirror.corp.example\"\n"
        for index in 0..<20 {
            text += """
                rule tier-\(index) {
                    when pod where tier = t\(index), app notin (cache, queue), track != beta
                    rewrite "docker.io/*" to "${mirror}/tier-\(index)/*"
                }
                rule env-\(index) {
                    when namespace where env in (e\(index), f\(index)), team, !legacy
                    when operation create
                    when image has tag
                    rewrite "quay.io/*" to "${mirror}/env-\(index)/*"
                }

                """
        }
        return text
    }()

    /// A rule for everything, and what registries, paths, tags and namespaces have of their own: all of it lies inside
    /// the one, and beside each other.
    static func exceptions(_ count: Int) -> String {
        var text = """
            language 1
            let mirror = "mirror.corp.example"
            ignore self
            ignore image "${mirror}/*"
            accept W0501
            rule everything {
                rewrite "*/*" to "${mirror}/${registry}/*"
            }

            """
        for index in 1..<count {
            text += "rule exception-\(index) {\n"
            switch index % 4 {
            case 0: text += "    rewrite \"r\(index).example/*\" to \"${mirror}/r\(index)/*\"\n"
            case 1: text += "    rewrite \"docker.io/team-\(index)/*\" to \"${mirror}/docker.io/t\(index)/*\"\n"
            case 2: text += "    rewrite \"docker.io/library/app:v\(index)\" to \"${mirror}/app/v\(index)\"\n"
            default: text += "    when namespace n\(index)\n    rewrite \"quay.io/*\" to \"${mirror}/quay.io/q/*\"\n"
            }
            text += "}\n"
        }
        return text
    }

    /// Groups of ten actions that lie inside one another, with conditions, permissions and refusals: what
    /// `validate` has to prove most about.
    static func nested(_ count: Int) -> String {
        var text = """
            language 1
            let mirror = "mirror.corp.example"
            ignore namespace kube-system, kube-node-lease
            ignore pod where image-rewrite = off
            accept W0304

            """
        for group in 0..<count / 10 {
            let registry = "r\(group).example"
            text += """
                rule group-\(group) {
                    when namespace where env in (production, staging), !legacy
                    rewrite "\(registry)/*" to "${mirror}/g\(group)/*"
                    rewrite "\(registry)/team-a/*" to "${mirror}/a\(group)/*"
                    rewrite "\(registry)/team-b/*" to "${mirror}/b\(group)/*"
                    rewrite "\(registry)/team-b/base/*" to "${mirror}/base\(group)/*"
                    rewrite "\(registry)/team-b/base/debian" to "${mirror}/debian\(group)"
                    allow "\(registry)/public/*"
                    deny "\(registry)/secret/*" because "nobody outside the team runs these"
                    deny "\(registry)/team-a/old/*" because "use \(registry)/team-a/new"
                    mark label mirrored = yes
                }
                rule group-\(group)-elsewhere {
                    when namespace where env = development
                    rewrite "\(registry)/*" to "${mirror}/dev/g\(group)/*"
                    deny "\(registry)/secret/*" because "nobody outside the team runs these"
                }

                """
        }
        return text
    }

    /// The program of a rule set that has to be valid.
    static func program(_ text: String) -> Program {
        let load = RuleSet.load([SourceFile(name: "benchmark.rules", text: text)])
        guard let ruleSet = load.ruleSet else {
            fatalError("the rule set is not valid: \(load.diagnostics.first.map { "\($0)" } ?? "")")
        }
        return ruleSet.program
    }
}
