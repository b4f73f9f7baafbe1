import Cryptography
import Datasets
import FedCore
import Files
import Foundation
import NeuralNet
import RunStore
import Serving

/// What a serving fleet knows of the registry, on rank 0: which versions its aliases mean now, and where it notes what it serves.
///
/// Asked once a second it reads one row for each alias. A version that has been moved to is read, checked against its digest and the
/// signature of what serves, and its accuracy counted on this rank, which serves nothing itself beside others; then devices try it.
final class RegistryFollower: ReleaseSource {
    private let store: RunStore
    private let job: ServingJob
    private let rules: TrialRules
    private let isFollowing: Bool
    /// Test images that accuracies are taken over.
    private let testImages: Int
    /// What each model of the job is served as, by release; nil for a file.
    private var versions: [Int: [RegisteredModel?]]
    private var releases: [Int: Release] = [:]
    private var (current, newest): (Int, Int) = (0, 0)
    /// The release that devices try.
    private var trying: Int?
    /// The versions that were refused, for as long as the aliases mean them.
    private var refused: [Int?]?
    /// Whether each test image is classified right, by a file's digest.
    private var answers: [String: [Bool]] = [:]
    /// Whether the registry could not be read the last time.
    private var isSilent = false
    private var record: ReleaseRecords
    private let served: ServedRows

    /// Begins with the versions that the job has.
    ///
    /// - Parameters:
    ///   - store: The registry.
    ///   - job: Models, data and devices.
    ///   - fleet: Name of the folder that results go into.
    ///   - testImages: Test images that accuracies are taken over.
    init(_ store: RunStore, _ job: ServingJob, fleet: String, _ options: FollowOptions, testImages: Int) {
        (self.store, self.job, self.testImages) = (store, job, testImages)
        let devices = job.fleet.devices
        (rules, isFollowing) = (options.rules(devices: devices.count), options.follow)
        versions = [0: job.models.map(\.registered)]
        record = ReleaseRecords(devices: devices.map(\.name))
        served = ServedRows(store, fleet: fleet, devices: devices.count)
        served.change(to: job.models.compactMap(\.registered))
    }

    /// What has become of each release, for `fleet.json`.
    var records: [ReleaseRecord] { record.records }

    /// Looks at the registry once more when all devices have ended: a version that an alias was moved to, and that nobody has tried,
    /// is noted and told of. Without this it would be passed over in silence, as a load may end before the registry is asked again.
    func noteUntried() {
        guard isFollowing, let meant = try? meanings(), meant != refused,
            meant != versions[current]?.map({ $0?.version })
        else { return }
        let name = name(of: meant)
        // One that was tried, and not decided, is noted already.
        guard record.records.last?.release != name else { return }
        newest += 1
        record.begin(
            newest, name: name, from: self.name(of: current), movedAt: movedAt(meant), accuracy: nil, isRead: false)
        record.decide(newest, .untried)
        tell(
            "\(name) was seen and not tried: the load was over before it could be; \(self.name(of: current)) served to the end"
        )
    }

    /// Notes that nothing is served any more.
    func end() { served.end() }

    // MARK: What is wanted

    /// Asks the registry, and makes a release of what it has not seen before.
    ///
    /// A registry that cannot be read is said to be so once; what serves goes on, and so does a trial.
    func wanted(heartbeat: () throws -> Void) throws -> Int {
        guard isFollowing else { return 0 }
        let meant: [Int?]
        do {
            meant = try meanings()
            if isSilent { tell("the registry is back") }
            isSilent = false
        } catch {
            if !isSilent { tell("\(error); what is served goes on") }
            isSilent = true
            return trying ?? current
        }
        if meant == refused { return current }
        refused = nil
        if meant == versions[current]?.map({ $0?.version }) { return current }
        if let trying, meant == versions[trying]?.map({ $0?.version }) { return trying }
        newest += 1
        do {
            let models = try found(meant)
            let release = try release(models, heartbeat)
            let losses = try losses(models, release, heartbeat)
            guard losses.isEmpty else {
                begin(newest, meant, accuracy: release.models.first?.accuracy)
                refuse(newest, meant, losses, movesBack: true)
                return current
            }
            (releases[newest], versions[newest]) = (release, models)
            return newest
        } catch let error as ConfigurationError {
            begin(newest, meant, accuracy: nil)
            refuse(newest, meant, ["\(error)"], movesBack: false)
            return current
        }
    }

    /// A release that was made, with its files.
    func release(_ number: Int) -> Release {
        guard let release = releases[number] else { preconditionFailure("release \(number) was never wanted") }
        return release
    }

    /// Begins the record of a release.
    ///
    /// - Parameter accuracy: On the test images; nil where it could not be counted.
    private func begin(_ number: Int, _ meant: [Int?], accuracy: Double?) {
        record.begin(
            number, name: name(of: meant), from: name(of: current), movedAt: movedAt(meant), accuracy: accuracy)
    }

    /// The version that each model's reference means now; nil for files, and of references that never change what was found first.
    ///
    /// An alias that was removed goes on meaning what it did.
    private func meanings() throws(RunStoreError) -> [Int?] {
        var meant: [Int?] = []
        for (model, version) in zip(job.models, versions[current] ?? []) {
            guard let version, let alias = model.alias else {
                meant.append(version?.version)
                continue
            }
            meant.append(try store.version(alias, of: version.name) ?? version.version)
        }
        return meant
    }

    /// The versions of a meaning.
    ///
    /// - Throws: `ConfigurationError` when one was deleted meanwhile.
    private func found(_ meant: [Int?]) throws -> [RegisteredModel?] {
        try zip(versions[current] ?? [], meant).map { model, version in
            guard let model, let version else { return nil }
            return try store.model(try ModelReference("\(model.name)@\(version)"))
        }
    }

    /// Reads, checks and counts the models of a release.
    ///
    /// - Throws: `ConfigurationError` when one is not what was registered, or does not fit what serves.
    private func release(_ models: [RegisteredModel?], _ heartbeat: () throws -> Void) throws -> Release {
        var all: [Release.Model] = []
        for (index, model) in models.enumerated() {
            let name = model?.reference ?? job.variants[index].name
            let path = model.map { store.file(of: $0).path } ?? job.models[index].path
            let bytes =
                try model.map { try store.contents(of: $0) } ?? ReceivedFile.contents(URL(fileURLWithPath: path))
            let digest = SHA256.hash(bytes).hexadecimal
            let variant = try Variant(reading: path)
            try check(variant, name)
            let right = try answers(of: digest, variant, heartbeat)
            let accuracy = Double(right.count { $0 }) / Double(max(1, testImages))
            all.append(Release.Model(name: name, accuracy: accuracy, digest: digest, bytes: Data(bytes)))
        }
        return Release(number: newest, name: Self.name(of: models, job), models: all, trial: rules)
    }

    /// Whether each test image is classified right by a file's model; counted once for each file, on this rank.
    private func answers(of digest: String, _ variant: Variant, _ heartbeat: () throws -> Void) throws -> [Bool] {
        if let known = answers[digest] { return known }
        let right = try Accuracies.right(variant, on: job.test, 0..<testImages, heartbeat: heartbeat)
        answers[digest] = right
        return right
    }

    /// Why a release is refused before any request goes to it: a model of it gets fewer of the test images right than the one that it is to
    /// replace, on the same images.
    ///
    /// - Throws: `ConfigurationError` when what serves can no longer be read.
    private func losses(_ models: [RegisteredModel?], _ release: Release, _ heartbeat: () throws -> Void) throws
        -> [String]
    {
        var reasons: [String] = []
        for ((before, after), model) in zip(zip(versions[current] ?? [], models), release.models) {
            guard let before, after?.version != before.version, let new = answers[model.digest] else { continue }
            if answers[before.digest] == nil { _ = try store.contents(of: before) }
            let old = try answers(of: before.digest, try Variant(reading: store.file(of: before).path), heartbeat)
            let test = AccuracyLoss(margin: rules.accuracyLoss, level: rules.testLevel / Double(models.count))
            guard test.isShown(old: old, new: new) else { continue }
            let share = Double(old.count { $0 }) / Double(max(1, testImages))
            reasons.append(
                "worse: \(Format.percent(model.accuracy)) of \(Format.grouped(testImages)) test images right instead of "
                    + "\(Format.percent(share)), over the margin of \(Format.percent(rules.accuracyLoss))")
        }
        return reasons
    }

    /// Refuses a model that would answer other requests, or with other classes.
    /// What an answer means must not change under those who ask: shape, classes and their names, and what is done to inputs.
    private func check(_ variant: Variant, _ name: String) throws(ConfigurationError) {
        let serving = job.variants[0]
        guard variant.model.input.extents == serving.model.input.extents,
            variant.model.classes == serving.model.classes
        else {
            throw ConfigurationError(
                "\(name) takes \(variant.model.input) and gives \(variant.model.classes) scores; what serves takes "
                    + "\(serving.model.input) and gives \(serving.model.classes)")
        }
        guard variant.metadata["class_names"] == serving.metadata["class_names"] else {
            throw ConfigurationError("\(name) has other classes than what serves")
        }
        guard variant.metadata["input_normalization"] == serving.metadata["input_normalization"] else {
            throw ConfigurationError("\(name) wants its inputs normalised in another way than what serves")
        }
    }

    // MARK: What becomes of it

    /// Says in the run history that the fleet is still there.
    func beat(serving number: Int) { served.beat() }

    /// Says, records, and notes in the registry what has become of a release.
    func note(_ event: ReleaseEvent, of number: Int) {
        let name = releases[number]?.name ?? ""
        switch event {
        case .offered(let devices):
            trying = number
            let accuracy = releases[number]?.models.first?.accuracy
            begin(number, meaning(of: number), accuracy: accuracy)
            tell(
                "\(name), right on \(Format.percent(accuracy)) of the test images, is tried on "
                    + "\(Format.count(devices, "device")) beside \(self.name(of: current))")
        case .answeredFirst:
            record.answered(number)
        case .tried(let device, let report):
            record.tried(number, device, report)
            tell("\(name) on \(job.fleet.devices[device].name): \(report.line)\(doubt(report))")
        case .unfit(let device, let reason):
            tell("\(name) on \(job.fleet.devices[device].name): \(reason)")
        case .adopted:
            (trying, current) = (nil, number)
            versions = versions.filter { $0.key == 0 || $0.key == number }
            releases = releases.filter { $0.key == number }
            record.decide(number, .adopted)
            served.change(to: (versions[number] ?? []).compactMap { $0 })
            tell("\(name) takes over")
        case .tookOver:
            record.tookOver(number)
        case .refused(let reasons):
            trying = nil
            refuse(number, meaning(of: number), reasons, movesBack: true)
        case .superseded:
            trying = nil
            record.decide(number, .superseded)
            tell("\(name) is not tried any longer: the alias was moved on")
        case .undecided:
            trying = nil
            record.decide(number, .undecided)
            tell(
                "\(name) was seen and not tried to the end: too few answers until the load was over; "
                    + "\(self.name(of: current)) served to the end")
        }
    }

    /// What is to be known where the median or the 95th percentile is over the margin, and by so few answers that it may be
    /// chance; empty otherwise.
    private func doubt(_ report: TrialReport) -> String {
        let longer = [("p50", report.p50Ms / report.oldP50Ms - 1), ("p95", report.p95Ms / report.oldP95Ms - 1)]
            .filter { $1 > rules.slowdown }.map { "\($0) by \(Format.percent($1))" }
        guard report.refusals.isEmpty, !longer.isEmpty else { return "" }
        return
            "; over the margin of \(Format.percent(rules.slowdown)): \(longer.joined(separator: ", ")), which so few answers may "
            + "show by chance: more --trial-requests would tell"
    }

    /// Goes on with what serves, says why, and notes it in the aliases' histories.
    ///
    /// - Parameter movesBack: Whether aliases that still mean what is refused are moved back.
    private func refuse(_ number: Int, _ meant: [Int?], _ reasons: [String], movesBack: Bool) {
        refused = meant
        let reason = reasons.joined(separator: "; ")
        var isMovedBack = false
        for ((model, before), version) in zip(zip(job.models, versions[current] ?? []), meant) {
            guard let before, let alias = model.alias, let version, version != before.version else { continue }
            do {
                let isMoved = try store.takeBack(
                    alias, of: before.name, from: version, to: movesBack ? before.version : nil,
                    note: "fleet \(served.fleet) refused version \(version): \(reason)")
                isMovedBack = isMovedBack || isMoved
            } catch {
                tell("\(error); the alias was not moved back")
            }
        }
        record.decide(number, .refused, reasons: reasons, isMovedBack: isMovedBack)
        tell(
            "\(name(of: meant)) is refused: \(reason); \(name(of: current)) goes on"
                + (isMovedBack ? ", and the alias means it again" : ""))
    }

    // MARK: Words

    /// Says something to whoever watches the job; results stay alone on standard output.
    private func tell(_ text: String) { Console.error("[rank 0] \(text)") }

    /// The versions of a release, as ``meanings()`` has them.
    private func meaning(of number: Int) -> [Int?] { (versions[number] ?? []).map { $0?.version } }

    /// What a release that was seen is called.
    private func name(of number: Int) -> String { Self.name(of: versions[number] ?? [], job) }

    /// The changed versions of a meaning: `digits@2`.
    private func name(of meant: [Int?]) -> String {
        zip(versions[current] ?? [], meant).compactMap { model, version in
            guard let model, let version, model.version != version else { return nil }
            return "\(model.name)@\(version)"
        }.joined(separator: "+")
    }

    /// What a release is called: its followed versions.
    static func name(of models: [RegisteredModel?], _ job: ServingJob) -> String {
        zip(models, job.models).compactMap { $1.alias == nil ? nil : $0?.reference }.joined(separator: "+")
    }

    /// From there the seconds to the first answer count, by the clocks of rank 0 and of whoever moved it.
    ///
    /// - Returns: When the latest of the aliases of a meaning was moved.
    private func movedAt(_ meant: [Int?]) -> Date? {
        var latest: Date?
        for (model, version) in zip(job.models, versions[current] ?? []) {
            guard let version, let alias = model.alias,
                let moved = try? store.aliases(of: version.name).first(where: { $0.alias == alias })?.movedAt
            else { continue }
            latest = max(latest ?? moved, moved)
        }
        return latest
    }
}
