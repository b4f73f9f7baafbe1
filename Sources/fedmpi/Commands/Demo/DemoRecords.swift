import Foundation

/// The parts of the commands' JSON files that the demonstration's page shows.
///
/// The types name only what is read, so a file may gain fields. They are decoded and not shared with the types
/// that write the files: the demonstration reads what any user's program could read.
enum DemoRecords {
    /// `distillation.json`, written by `fedmpi distill`.
    struct Distillation: Decodable {
        /// Runs of a student that differ in their seed; the demonstration has one seed.
        struct Trained: Decodable {
            /// Accuracy by seed on the test set, in [0, 1].
            let accuracy: [Double]
        }

        /// A student with and without its teacher.
        struct Student: Decodable {
            let model: String
            let parameters: Int
            let teacher: String
            let distilled: Trained
            /// Nil when the student was not trained from scratch.
            let scratch: Trained?
        }

        let students: [Student]
    }

    /// `fleet.json`, written by `fedmpi serve`.
    struct Fleet: Decodable {
        /// A variant that was offered to the devices.
        struct Model: Decodable {
            let name: String
            let parameters: Int
            let storedBytes: Int
            /// Share of the test images that it gets right, in [0, 1].
            let accuracy: Double
        }

        /// A device and what it served. Optional fields are absent when it has not served.
        struct Device: Decodable {
            /// The device's description, of which the page shows the name.
            struct Profile: Decodable {
                let name: String
            }

            let device: Profile
            let tier: String?
            /// How the times came about: `measured`, `enforced` or `simulated`.
            let figures: String
            /// Why the device has not served; nil when it has.
            let failure: String?
            let model: String?
            let parameters: Int?
            let storedBytes: Int?
            let accuracy: Double?
            /// Latency from request to answer, in milliseconds.
            let meanMs: Double?
            let p95Ms: Double?
            /// Answers a second.
            let fps: Double?
            /// Estimated joules of 1,000 answers; never measured.
            let simulatedJoulesPerThousand: Double?
        }

        let models: [Model]
        let devices: [Device]
    }

    /// `split.json`, written by `fedmpi split`.
    struct Split: Decodable {
        /// Bytes of one image: what crosses the cut, and the image as 32-bit floats.
        struct Bytes: Decodable {
            let features: Int
            let rawFloat: Int
        }

        /// Percentiles of a stage, in milliseconds.
        struct Latency: Decodable {
            let p50Ms: Double
            let p99Ms: Double
        }

        let devices: Int
        let images: Int
        /// Images a second of all devices together.
        let throughput: Double
        let accuracy: Double
        /// Predictions that are not the unsplit model's; nil when they were not compared.
        let differences: Int?
        let bytes: Bytes
        /// Share of the raw image's bytes that features save; negative where they are larger.
        let savedOfFloat: Double
        /// Percentiles by name of the stage; the page shows `total`.
        let latency: [String: Latency]
    }

    /// Reads a JSON file of one of the commands, whose names have underscores and whose infinities and NaN are
    /// texts.
    ///
    /// - Parameters:
    ///   - type: The type to decode.
    ///   - file: The file.
    /// - Throws: `DecodingError` when the file is not of this form, or the error of reading it.
    static func read<Record: Decodable>(_ type: Record.Type, from file: URL) throws -> Record {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try decoder.decode(type, from: try Data(contentsOf: file))
    }
}
