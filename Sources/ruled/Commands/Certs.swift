import ArgumentParser

/// `ruled certs`: certificates of the webhook's own.
struct Certs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes certificates, and looks after them in a cluster.",
        subcommands: [CertsManage.self, CertsWrite.self])
}
