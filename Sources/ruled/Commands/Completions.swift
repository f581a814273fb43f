import ArgumentParser

/// `ruled completions`: a script for the shell.
struct Completions: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the completion script of a shell.",
        discussion: """
              ruled completions bash > /etc/bash_completion.d/ruled
              ruled completions zsh > "${fpath[1]}/_ruled"
              ruled completions fish > ~/.config/fish/completions/ruled.fish
            """
    )

    /// The shells that are known.
    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish
    }

    @Argument(help: "The shell.")
    var shell: Shell

    func run() throws {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        let out = ByteStream(descriptor: 1)
        out.line(Ruled.completionScript(for: kind))
        out.flush()
    }
}
