/// What an exchange has to say of its last run, beside what has come of each client. What is nil is as the round loop expects
/// it: the cohort was asked once, a frame went down to each client, and what came up is counted where it is taken in.
package struct ExchangeReport: Sendable, Equatable {
    /// Clients that were asked, or whose turns have ended, ascending.
    package var clients: [Int]?
    /// How often clients were asked, or how many turns have ended: a client may have had more than one.
    package var cohort: Int?
    /// Bytes that went up and down.
    package var upload: Int?
    package var download: Int?
    /// Virtual time that it took, where time is simulated.
    package var seconds: Double?
    /// Versions between the weights that each update was trained from and those that it moved.
    package var staleness: [Int] = []

    package init(upload: Int? = nil, download: Int? = nil) {
        self.upload = upload
        self.download = download
    }
}
