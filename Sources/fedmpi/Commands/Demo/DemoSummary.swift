import Analysis
import Files
import Foundation
import Records

/// The page that the demonstration ends with: what its commands left, on one page.
///
/// Figures are read from the commands' files, never remembered from their output, so the page says what anyone
/// finds who looks there.
struct DemoSummary {
    private let story: DemoStory
    /// Wall seconds of all steps.
    private let seconds: Double
    private let training: RecordedRun
    private let distillation: DemoRecords.Distillation
    /// Nil when its step has left no such file.
    private let fleet: DemoRecords.Fleet?
    private let split: DemoRecords.Split?
    /// Titles of the steps that failed, with their exit codes.
    private let failed: [(title: String, code: Int32)]

    /// Reads the files of all steps.
    ///
    /// - Parameters:
    ///   - story: The demonstration, for the places of its files.
    ///   - seconds: Wall seconds of all steps.
    ///   - failed: titles and exit codes of the steps that failed, whose files may be missing.
    /// - Throws: The error of the first other file that is missing or is not what its command writes.
    init(_ story: DemoStory, seconds: Double, failed: [(title: String, code: Int32)]) throws {
        self.failed = failed
        self.story = story
        self.seconds = seconds
        training = try RecordedRun(in: story.training)
        distillation = try DemoRecords.read(
            DemoRecords.Distillation.self, from: story.students.appendingPathComponent("distillation.json"))
        func last<Record: Decodable>(_ type: Record.Type, of step: String, _ file: URL) throws -> Record? {
            do {
                return try DemoRecords.read(type, from: file)
            } catch  where failed.contains(where: { $0.title == step }) {
                return nil
            }
        }
        fleet = try last(
            DemoRecords.Fleet.self, of: DemoStory.fleetTitle, story.fleet.appendingPathComponent("fleet.json"))
        split = try last(
            DemoRecords.Split.self, of: DemoStory.splitTitle, story.split.appendingPathComponent("split.json"))
    }

    /// Prints the page, and writes it as `summary.txt`, and with the pictures as `summary.html`.
    ///
    /// A picture that is not there, as without gnuplot, is left out of the page; its step has said why.
    ///
    /// - Throws: `FileError` when the folder cannot be written to.
    func write() throws {
        let document = document
        Console.output("\n" + document.text)
        try story.folder.appendingPathComponent("summary.txt").replaceContents(with: document.text)
        let page = story.folder.appendingPathComponent("summary.html")
        let html = document.html { try? Data(contentsOf: story.folder.appendingPathComponent("\($0).png")) }
        try page.replaceContents(with: html)
        Console.output("summary   \(page.relativePath)")
    }

    /// The page: a section for each part of the story, and the commands at the end.
    private var document: Document {
        Document(
            title:
                "fedmpi demo: one model, from \(story.ranks - 1) clients to a fleet, in \(Format.fixed(seconds, 0)) s",
            sections: [trainingSection, studentSection, fleetSection, splitSection, commandSection])
    }

    /// The first model: accuracy, bytes, time, and its run's pictures.
    private var trainingSection: Document.Section {
        let rounds = training.log.rounds
        return Document.Section(
            "Federated training",
            [
                .facts([
                    (
                        "model",
                        "\(DemoStory.models[0]), \(Format.count(rounds.count, "round")), \(story.ranks - 1) clients"
                    ),
                    ("accuracy", Format.percent(rounds.last?.accuracy) + " on the test set"),
                    ("sent up", Format.megabytes(training.log.uploadBytes) + " of updates, no image"),
                    (
                        "time",
                        Format.fixed(rounds.reduce(0) { $0 + $1.seconds }, 1) + " s in rounds"
                    ),
                ]),
                .picture(
                    "\(story.training.lastPathComponent)/convergence_and_cost",
                    caption: "Loss and accuracy by round, and what was sent up."),
                .picture(
                    "\(story.training.lastPathComponent)/timeline", caption: "What each rank did when."),
            ])
    }

    /// The students with and without a teacher. Gains are in percentage points, with their sign.
    private var studentSection: Document.Section {
        var rows: [[String]] = []
        for student in distillation.students {
            let distilled = student.distilled.accuracy.first
            let scratch = student.scratch?.accuracy.first
            let gain = distilled.flatMap { distilled in scratch.map { 100 * (distilled - $0) } }
            rows.append([
                student.model, student.teacher, Format.grouped(student.parameters), Format.percent(distilled),
                Format.percent(scratch), gain.map { ($0 < 0 ? "−" : "+") + Format.fixed(abs($0), 2) } ?? "-",
            ])
        }
        return Document.Section(
            "Students",
            [
                .table(
                    Document.Table(
                        columns: ["student", "teacher", "parameters", "distilled", "from scratch", "points"], words: 2,
                        rows: rows)),
                .paragraph(
                    "Both trained by the same clients for as many steps from the same seed; one seed is no proof of a "
                        + "difference."),
                .picture(
                    "\(story.students.lastPathComponent)/accuracy",
                    caption: "Accuracy of the students by round, with a teacher and from scratch."),
            ])
    }

    /// The variants, and what each device served; the last column says whether its times were measured or
    /// simulated.
    private var fleetSection: Document.Section {
        func number(_ value: Double?, _ decimals: Int) -> String { value.map { Format.fixed($0, decimals) } ?? "-" }
        guard let fleet else { return missing(DemoStory.fleetTitle) }
        let variants = fleet.models.map { model in
            [
                model.name, Format.grouped(model.parameters), Format.kilobytes(model.storedBytes),
                Format.percent(model.accuracy),
            ]
        }
        let devices = fleet.devices.map { device in
            [
                device.device.name, device.tier ?? "-", device.model ?? device.failure ?? "-",
                device.storedBytes.map { Format.kilobytes($0) } ?? "-", number(device.meanMs, 3),
                number(device.p95Ms, 3), device.fps.map { Format.grouped(Int($0)) } ?? "-",
                Format.percent(device.accuracy),
                number(device.simulatedJoulesPerThousand, 3), device.figures,
            ]
        }
        return Document.Section(
            DemoStory.fleetTitle,
            [
                .table(
                    Document.Table(columns: ["variant", "parameters", "KB", "accuracy"], rows: variants)),
                .picture(
                    "\(story.measurements.lastPathComponent)/variants",
                    caption: "Accuracy against the latency of a single image on this machine."),
                .table(
                    Document.Table(
                        columns: [
                            "device", "tier", "variant", "KB", "mean ms", "p95 ms", "FPS", "accuracy",
                            "J/1000 (simulated)", "times are",
                        ], words: 3, rows: devices)),
            ])
    }

    /// Split inference: throughput, agreement with the unsplit model, bytes of an image, latency.
    private var splitSection: Document.Section {
        guard let split else { return missing(DemoStory.splitTitle) }
        let same = split.differences.map {
            $0 == 0 ? ", each prediction the unsplit model's" : ", \($0) predictions differ from the unsplit model's"
        }
        var facts = [
            ("images", "\(Format.grouped(split.images)) on \(Format.count(split.devices, "device"))"),
            ("throughput", "\(Format.grouped(Int(split.throughput))) images a second"),
            ("accuracy", Format.percent(split.accuracy) + (same ?? "")),
            (
                "bytes of an image",
                "\(Format.grouped(split.bytes.features)) of features instead of \(Format.grouped(split.bytes.rawFloat)), "
                    + "\(Format.fixed(100 * split.savedOfFloat, 1)) % less"
            ),
        ]
        if let total = split.latency["total"] {
            facts.append(("latency", "p50 \(Format.fixed(total.p50Ms, 2)) ms, p99 \(Format.fixed(total.p99Ms, 2)) ms"))
        }
        return Document.Section(
            DemoStory.splitTitle,
            [
                .facts(facts.map { (name: $0.0, value: $0.1) }),
                .picture(
                    "\(story.split.lastPathComponent)/latency",
                    caption: "Where an image's time goes, by stage."),
            ])
    }

    /// What stands in the place of a step's section that has left nothing.
    private func missing(_ title: String) -> Document.Section {
        let code = failed.first { $0.title == title }?.code ?? 1
        return Document.Section(title, [.paragraph("This step ended with code \(code), and left nothing to show.")])
    }

    /// All commands as they were started, so that the reader can repeat each.
    private var commandSection: Document.Section {
        Document.Section(
            "The commands",
            [
                .facts(
                    story.steps.map { step in
                        let end = failed.first { $0.title == step.title }.map { ", which ended with code \($0.code)" }
                        return (name: step.title, value: step.commandLine + (end ?? ""))
                    })
            ])
    }
}
