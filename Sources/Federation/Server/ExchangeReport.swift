/// What an exchange reports of its last training task, beside what the tally has seen of each client.
///
/// A field that is nil means what an ordinary round means: every client of the cohort was asked once, one frame went
/// down for each, and what came up was counted as it was taken in. Asynchronous and split exchanges fill in what is
/// different.
package struct ExchangeReport: Sendable, Equatable {
    /// The clients that were asked, or whose turns have ended; ascending, each once.
    package var clients: [Int]?
    /// Number of requests, or of turns that ended; a client may account for more than one.
    package var cohort: Int?
    /// Bytes that went up.
    package var upload: Int?
    /// Bytes that went down.
    package var download: Int?
    /// Bytes that crossed between groups of ranks; nil without a topology.
    package var network: Int?
    /// Simulated seconds that it took; nil when no time is simulated.
    package var seconds: Double?
    /// What the phases of secure aggregation were; nil without it.
    var secure: SecureReport?
    /// Staleness of each update that made the step: versions between the weights it was trained from and those it
    /// moved. Empty outside asynchronous runs.
    package var staleness: [Int] = []

    /// A report of an exchange that is ordinary, but for the bytes that are given.
    package init(upload: Int? = nil, download: Int? = nil) {
        self.upload = upload
        self.download = download
    }
}
