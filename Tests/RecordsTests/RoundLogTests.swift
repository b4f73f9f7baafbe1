import Testing

@testable import Records

struct RoundLogTests {
    private func log(_ text: String) -> RoundLog? { RoundLog(Array(text.utf8)) }

    @Test func `A log that was cut off is read up to its last whole round`() throws {
        let whole =
            "[" + (1...3).map { #"{"round": \#($0), "cohort": 2, "server_accuracy": 0.5}"# }.joined(separator: ",\n")
            + "]"
        #expect(try #require(log(whole)).rounds.map(\.round) == [1, 2, 3])
        let cut = try #require(log(String(whole.dropLast(40))))
        #expect(cut.rounds.map(\.round) == [1, 2])
        #expect(cut.damagedEntries == 1)
    }

    @Test func `Fields that a log of another version lacks or has besides do no harm`() throws {
        let old = try #require(
            log("[{\"round\": 1, \"upload_bytes\": 7}, {\"round\": 2, \"upload_bytes\": 5, \"x\": {\"}\": 1}}]"))
        #expect(old.rounds.map(\.totalUploadBytes) == [7, 12], "totals are added up where there are none")
        #expect(old.rounds[0].serverAccuracy == nil && old.rounds[0].cohort == 0)
        #expect(old.uploadBytes == 12)
        #expect(old.damagedEntries == 0)
    }

    @Test func `Totals that the log has are taken from it`() throws {
        let later = try #require(
            log(
                "[{\"round\": 8, \"upload_bytes\": 5, \"total_upload_bytes\": 40}, {\"round\": 9, \"upload_bytes\": 5}]"
            ))
        #expect(later.rounds.map(\.totalUploadBytes) == [40, 45])
    }

    @Test func `An entry that is no round is counted and left out; the last of two counts`() throws {
        let mixed = try #require(
            log("[{\"round\": 2, \"late\": 1}, {\"rund\": 1}, {\"round\": \"x\"}, {\"round\": 2, \"late\": 3}]"))
        #expect(mixed.rounds.map(\.late) == [3])
        #expect(mixed.damagedEntries == 2)
    }

    @Test func `A run without a finished round has an empty log`() throws {
        #expect(try #require(log("[\n\n]")).rounds.isEmpty)
    }

    @Test(arguments: ["", "{}", "hello", "[{\"a\": 1}]", "{\"round\": 1}"])
    func `What is no round log is refused`(text: String) {
        #expect(log(text) == nil)
    }

    @Test func `Loss and metrics that are not finite do not cost a round`() throws {
        let diverged = try #require(
            log(#"[{"round": 1, "train_loss": "inf", "server_loss": "nan", "epsilon": "-inf", "note": "none"}]"#))
        let round = try #require(diverged.rounds.first)
        #expect(round.trainLoss == .infinity && round.serverLoss?.isNaN == true)
        #expect(round.metrics == ["epsilon": -.infinity])
    }

    @Test func `Counts that no run can have are damage`() throws {
        let made = try #require(
            log("[{\"round\": 1, \"late\": -1}, {\"round\": 2, \"upload_bytes\": \(Int.max)}, {\"round\": 3}]"))
        #expect(made.rounds.map(\.round) == [3] && made.damagedEntries == 2)
    }

    @Test func `What the clients found is read as far as an earlier version wrote it`() throws {
        let spread =
            #"{"mean": 0.5, "median": 0.5, "worst10": 0.25, "best10": 0.75, "deviation": 0, "jain": 1, "loss": 2}"#
        let early = try #require(log(#"[{"round": 1, "client_evaluation": {"clients": 3, "global": \#(spread)}}]"#))
        let clients = try #require(early.rounds.first?.clients)
        #expect(clients.clients == 3 && clients.samples == 0 && clients.classAccuracies.isEmpty)
        #expect(early.rounds[0].accuracy == 0.5 && clients.global?.worst10 == 0.25 && clients.personal == nil)
    }
}
