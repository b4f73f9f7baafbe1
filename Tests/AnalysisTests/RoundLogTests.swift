import Testing

@testable import Analysis

struct RoundLogTests {
    private func log(_ text: String) -> RoundLog? { RoundLog(Array(text.utf8)) }

    @Test func `A log that was cut off is read up to its last whole round`() throws {
        let whole = "[" + (1...3).map { Logs.round($0, accuracy: 0.5) }.joined(separator: ",\n") + "]"
        #expect(try #require(log(whole)).rounds.map(\.round) == [1, 2, 3])
        let cut = try #require(log(String(whole.dropLast(40))))
        #expect(cut.rounds.map(\.round) == [1, 2])
        #expect(cut.damagedEntries == 1)
    }

    @Test func `Fields that a log of another version lacks or has besides do no harm`() throws {
        let old = try #require(
            log("[{\"round\": 1, \"upload_bytes\": 7}, {\"round\": 2, \"upload_bytes\": 5, \"x\": {\"}\": 1}}]"))
        #expect(old.rounds.map(\.totalUploadBytes) == [7, 12], "totals are added up where there are none")
        #expect(old.rounds[0].serverAccuracy == nil)
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
}
