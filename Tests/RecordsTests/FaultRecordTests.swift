import Foundation
import Testing

@testable import Records

/// Faults as files have them.
@Suite struct FaultRecordTests {
    private func fault(_ text: String) throws -> FaultRecord {
        try RecordFormat.decoder().decode(FaultRecord.self, from: Data(text.utf8))
    }

    @Test(arguments: [
        (FaultRecord.Kind.rankLost, "rank_lost"), (.rankDropped, "rank_dropped"), (.rankReturned, "rank_returned"),
        (.rankLostBelow, "rank_lost_below"), (.rankSilent, "rank_silent"), (.clientsLate, "clients_late"),
        (.updatesRejected, "updates_rejected"),
        (.roundRepeated, "round_repeated"), (.noiseMissing, "noise_missing"),
    ])
    func `A kind has a name in files, and comes back from it`(kind: FaultRecord.Kind, name: String) throws {
        let text = String(decoding: try RecordFormat.text(of: FaultRecord(round: 3, kind: kind)), as: UTF8.self)
        #expect(text == "{\n  \"clients\" : [\n\n  ],\n  \"kind\" : \"\(name)\",\n  \"round\" : 3\n}")
        #expect(try fault(text) == FaultRecord(round: 3, kind: kind))
        #expect(FaultRecord.Kind.allCases.contains(kind))
    }

    @Test func `A kind of another version keeps its name`() throws {
        let found = try fault(#"{"round": 2, "kind": "key_share_missing", "clients": [4], "since": 1}"#)
        #expect(found == FaultRecord(round: 2, kind: .other("key_share_missing"), clients: [4]))
        #expect(found.kind.rawValue == "key_share_missing" && found.kind.words == "key share missing")
    }

    @Test func `What a fault does not tell is nobody and nothing; without a round or a kind it is none`() throws {
        let found = try fault(#"{"round": 2, "kind": "rank_lost"}"#)
        #expect(found == FaultRecord(round: 2, kind: .rankLost))
        for text in [#"{"kind": "rank_lost"}"#, #"{"round": 2}"#] {
            #expect(throws: DecodingError.self) { try fault(text) }
        }
    }
}
