import Foundation

/// What the summary takes of the files that the demonstration's commands leave.
enum DemoRecords {
    /// `distillation.json`.
    struct Distillation: Decodable {
        struct Trained: Decodable {
            let accuracy: [Double]
        }

        struct Student: Decodable {
            let model: String
            let parameters: Int
            let teacher: String
            let distilled: Trained
            let scratch: Trained?
        }

        let students: [Student]
    }

    /// `fleet.json`.
    struct Fleet: Decodable {
        struct Model: Decodable {
            let name: String
            let parameters: Int
            let storedBytes: Int
            let accuracy: Double
        }

        struct Device: Decodable {
            struct Profile: Decodable {
                let name: String
            }

            let device: Profile
            let tier: String
            let figures: String
            let failure: String?
            let model: String?
            let parameters: Int?
            let storedBytes: Int?
            let accuracy: Double?
            let meanMs: Double?
            let p95Ms: Double?
            let fps: Double?
            let simulatedJoulesPerThousand: Double?
        }

        let models: [Model]
        let devices: [Device]
    }

    /// `split.json`.
    struct Split: Decodable {
        struct Bytes: Decodable {
            let features: Int
            let rawFloat: Int
        }

        struct Latency: Decodable {
            let p50Ms: Double
            let p99Ms: Double
        }

        let devices: Int
        let images: Int
        let throughput: Double
        let accuracy: Double
        let differences: Int?
        let bytes: Bytes
        let savedOfFloat: Double
        let latency: [String: Latency]
    }

    static func read<Record: Decodable>(_ type: Record.Type, from file: URL) throws -> Record {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try decoder.decode(type, from: try Data(contentsOf: file))
    }
}
