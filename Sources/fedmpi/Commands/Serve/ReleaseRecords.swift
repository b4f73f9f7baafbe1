import Foundation
import Serving

/// What has become of a version that an alias was moved to, as `fleet.json` has it.
struct ReleaseRecord: Encodable {
    /// What was decided. Raw values stand in the file.
    enum Decision: String, Encodable {
        /// All devices took it over.
        case adopted
        /// It was slower, worse, or could not be served.
        case refused
        /// The alias was moved on before it was decided.
        case superseded
        /// The load ended before.
        case undecided
        /// The alias was moved so late that no device was offered it.
        case untried
    }

    /// What one device has measured.
    struct Trial: Encodable {
        /// The device's name.
        let device: String
        /// Times, accuracies, and what it is refused for.
        let measured: TrialReport
    }

    /// The new version.
    let release: String
    /// What served when the alias was moved.
    let from: String
    /// Share of the test images that it gets right, in [0, 1]; nil: it could not be counted.
    let accuracy: Double?
    /// When the alias was moved, by the registry.
    let movedAt: Date?
    /// Seconds from there to the moment at which rank 0 had read and counted it.
    let secondsToOffer: Double?
    /// To the first request that it answered, as part of the trial.
    var secondsToFirstAnswer: Double?
    /// To the moment at which the last device answered by it alone.
    var secondsToTakeover: Double?
    /// What was decided; undecided until then.
    var decision = Decision.undecided
    /// Why it was refused, a sentence for each test of each device; empty otherwise.
    var reasons: [String] = []
    /// Whether an alias was moved back.
    var isMovedBack = false
    /// What the devices that have decided measured, in the order in which they did.
    var trials: [Trial] = []
}

/// The records of a fleet's releases, by number.
struct ReleaseRecords {
    private let devices: [String]
    private var byNumber: [Int: ReleaseRecord] = [:]

    /// Nothing yet.
    ///
    /// - Parameter devices: Names, by index.
    init(devices: [String]) { self.devices = devices }

    /// In the order in which they were seen.
    var records: [ReleaseRecord] { byNumber.sorted { $0.key < $1.key }.map(\.value) }

    /// A release that was seen, and read if it could be.
    ///
    /// - Parameter isRead: Whether anybody has tried to read it; otherwise there was no time for that.
    mutating func begin(
        _ number: Int, name: String, from: String, movedAt: Date?, accuracy: Double?, isRead: Bool = true
    ) {
        byNumber[number] = ReleaseRecord(
            release: name, from: from, accuracy: accuracy, movedAt: movedAt,
            secondsToOffer: isRead ? movedAt.map { Date.now.timeIntervalSince($0) } : nil)
    }

    /// It has answered its first request on some device.
    mutating func answered(_ number: Int) {
        guard let record = byNumber[number], record.secondsToFirstAnswer == nil else { return }
        byNumber[number]?.secondsToFirstAnswer = record.movedAt.map { Date.now.timeIntervalSince($0) }
    }

    /// A device has taken it over.
    mutating func tookOver(_ number: Int) {
        guard let record = byNumber[number] else { return }
        byNumber[number]?.secondsToTakeover = record.movedAt.map { Date.now.timeIntervalSince($0) }
    }

    /// A device has measured it.
    mutating func tried(_ number: Int, _ device: Int, _ report: TrialReport) {
        byNumber[number]?.trials.append(ReleaseRecord.Trial(device: devices[device], measured: report))
    }

    /// It was decided.
    mutating func decide(
        _ number: Int, _ decision: ReleaseRecord.Decision, reasons: [String] = [], isMovedBack: Bool = false
    ) {
        byNumber[number]?.decision = decision
        byNumber[number]?.reasons = reasons
        byNumber[number]?.isMovedBack = isMovedBack
    }
}
