import FedCore
import Foundation
import Testing

@testable import Records

/// Records as files have them.
@Suite struct RoundRecordTests {
    static func text(_ record: RoundRecord) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(record), as: UTF8.self)
    }

    /// As the version before metrics had names wrote it.
    static let earlier = """
        {"attack_success":0.125,"attempts":1,"cohort":3,"download_bytes":50,"dropped":0,"late":0,"partial":1,\
        "participants":2,"rejected":1,"round":4,"samples":40,"samples_per_second":120,"seconds":0.25,\
        "server_accuracy":0.5,"simulated_seconds":2.5,"staleness_max":3,"staleness_mean":1.5,\
        "total_download_bytes":200,"total_upload_bytes":400,"upload_bytes":100}
        """

    @Test func `A record is written as it was before metrics had names`() throws {
        let record = try JSONDecoder().decode(RoundRecord.self, from: Data(Self.earlier.utf8))
        #expect(
            record.metrics == [
                "attack_success": 0.125, "simulated_seconds": 2.5, "staleness_max": 3, "staleness_mean": 1.5,
            ])
        #expect(record.round == 4 && record.serverAccuracy == 0.5 && record.trainLoss == nil)
        #expect(record[.stalenessMax] == 3 && record.simulatedSeconds == 2.5)
        #expect(try Self.text(record) == Self.earlier)
    }

    @Test func `The fields of a record are those that no metric can be called`() throws {
        var record = RoundRecord(round: 1)
        (record.trainLoss, record.serverLoss, record.serverAccuracy) = (1, 1, 1)
        record.serverClassAccuracies = [1, nil]
        record.clients = ClientEvaluation(
            clients: 1, missing: 0, samples: 1, global: nil, personal: nil, classAccuracies: [])
        record.clientBytes = ClientBytes()
        record.leftClients = ["keys": [1]]
        let json = try JSONSerialization.jsonObject(with: Data(Self.text(record).utf8))
        #expect(Set(try #require(json as? [String: Any]).keys) == RoundRecord.fields)
    }

    /// By hand: clients 5 and 2 in one attempt, 5 and 7 in the next.
    @Test func `Bytes of clients are those of all attempts`() throws {
        var bytes = ClientBytes()
        bytes.add([(client: 5, upload: 10, download: 100), (client: 2, upload: 0, download: 60)])
        bytes.add([(client: 7, upload: 1, download: 2), (client: 5, upload: 3, download: 4)])
        #expect(bytes.clients == [2, 5, 7] && bytes.upload == [0, 13, 1] && bytes.download == [60, 104, 2])
        var record = RoundRecord(round: 1)
        record.clientBytes = bytes
        #expect(try JSONDecoder().decode(RoundRecord.self, from: Data(Self.text(record).utf8)) == record)
    }

    @Test func `What another version adds and is no number is passed over`() throws {
        let text = Self.earlier.dropLast() + #","battery":{"left":1},"watts":7,"none":null}"#
        let record = try JSONDecoder().decode(RoundRecord.self, from: Data(text.utf8))
        #expect(record.metrics.count == 5 && record.metrics["watts"] == 7)
    }
}
