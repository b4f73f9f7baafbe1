import FedCore
import Foundation
import Records
import RunStore

/// Devices: which variant runs on which, as the last services have left it; and the runs on simulated fleets.
struct FleetPage {
    /// What `fedmpi serve` has left, the newest first.
    let services: [ServedFleet]
    /// Runs with `--fleet`, the newest first, with their last round.
    let runs: [(run: StoredRun, last: RoundRecord?, fleet: String)]

    /// Versions of registered models that fleets serve at the moment.
    let served: [ServedVersion]

    /// Everything below the heading.
    var html: HTML {
        "<h2>Served now</h2>\(now)<h2>Variants on devices</h2>\(serving)<h2>Runs on simulated fleets</h2>\(training)"
    }

    /// Which fleet serves which version, while it does.
    private var now: HTML {
        guard !served.isEmpty else {
            return """
                <p class="quiet">Nothing: <code>fedmpi serve --models NAME@champion --follow</code> serves a registered model.</p>
                """
        }
        let rows = served.html { version in
            """
            <tr><td><a href="/models#\(version.name)">\(version.name)@\(version.version)</a></td><td>\(version.fleet)</td>\
            <td>\(version.host)</td><td class="n">\(version.devices)</td><td>\(Words.date(version.since))</td></tr>
            """
        }
        let head: HTML = "<th>model</th><th>fleet</th><th>host</th><th class=\"n\">devices</th><th>since (UTC)</th>"
        return Layout.table("Served now", head: head, rows)
    }

    /// A table for each service: which variant answered on which device, and how fast.
    private var serving: HTML {
        guard !services.isEmpty else {
            return
                "<p class=\"quiet\">No service has left its record here: <code>fedmpi serve</code> writes it when it ends.</p>"
        }
        let head: HTML = """
            <th>device</th><th>tier</th><th>answered most</th><th class="n">p50</th><th class="n">p95</th><th class="n">answers/s</th>\
            <th class="n">accuracy</th><th class="n">right of answered</th><th class="n">answered</th><th class="n">turned away</th><th class="n">switches</th><th>figures</th><th>why not</th>
            """
        return services.html { service in
            let rows = service.devices.html { device in
                """
                <tr><td>\(device.device.name)</td><td>\(device.tier ?? "–")</td><td>\(device.model ?? "–")</td>\
                <td class="n">\(Words.number(device.p50Ms)) ms</td><td class="n">\(Words.number(device.p95Ms)) ms</td>\
                <td class="n">\(Words.number(device.fps))</td><td class="n">\(Words.percent(device.accuracy))</td><td class="n">\(Words.percent(device.answeredAccuracy))</td>\
                <td class="n">\(Words.count(device.answered))</td><td class="n">\(Words.count(device.refusedRequests))</td>\
                <td class="n">\(device.switches.count)</td><td>\(device.serves ? device.figures : "–")</td><td class="wrap">\(device.failure)</td></tr>
                """
            }
            return
                "<h3>\(service.name), \(Words.date(service.date)) UTC</h3>\(Layout.table("Devices of \(service.name)", head: head, rows))"
        }
    }

    /// Runs whose clients were simulated devices: who could be asked, batteries and joules of the last round, all simulated.
    private var training: HTML {
        guard !runs.isEmpty else {
            return
                "<p class=\"quiet\">No run was on a simulated fleet: <code>--fleet people</code> gives every client a device with a battery.</p>"
        }
        let rows = runs.html { entry in
            """
            <tr><td class="wrap"><a href="/runs/\(entry.run.id ?? 0)">\(entry.run.name)</a></td><td>\(RunPage.status(entry.run))</td>\
            <td>\(entry.fleet)</td><td class="n">\(Words.count(entry.run.clients))</td><td class="n">\(entry.run.rounds)</td>\
            <td class="n">\(Words.percent(entry.run.accuracy))</td><td class="n">\(Words.percent(entry.last?.metrics["fleet_eligible"]))</td>\
            <td class="n">\(Words.percent(entry.last?.metrics["fleet_participation"]))</td><td class="n">\(Self.batteries(entry.last))</td>\
            <td class="n">\(Words.number(entry.last?[.joulesSoFar]))</td><td class="wrap">\(Self.joules(entry.last))</td></tr>
            """
        }
        let head: HTML = """
            <th>run</th><th>status</th><th>fleet</th><th class="n">devices</th><th class="n">rounds</th><th class="n">accuracy</th>\
            <th class="n">could be asked, last round</th><th class="n">took part</th><th class="n">battery: tenth, median</th>\
            <th class="n">J so far</th><th>J of the last round by class</th>
            """
        return
            "<p class=\"quiet\">Batteries, joules and who could be asked are simulated.</p>\(Layout.table("Runs on fleets", head: head, rows))"
    }

    /// The charge of the devices after a round.
    private static func batteries(_ record: RoundRecord?) -> String {
        guard let low = record?.metrics["battery_p10"], let middle = record?.metrics["battery_p50"] else { return "–" }
        return "\(Words.percent(low)), \(Words.percent(middle))"
    }

    /// What each class of devices spent in a round, the most first.
    private static func joules(_ record: RoundRecord?) -> String {
        let prefix = "joules_of_"
        let classes = (record?.metrics ?? [:]).filter { $0.key.hasPrefix(prefix) }.sorted { $0.value > $1.value }
        return classes.isEmpty
            ? "–"
            : classes.map { "\($0.key.dropFirst(prefix.count)) \(Words.number($0.value))" }.joined(separator: ", ")
    }
}

/// What a service has left in its folder, as far as this page shows it.
struct ServedFleet: Sendable {
    /// A device, as `fleet.json` has it.
    struct Device: Decodable, Sendable {
        struct Profile: Decodable, Sendable { let name: String }
        struct Switch: Decodable, Sendable {}

        let device: Profile
        let tier: String?
        /// Measured, enforced or simulated.
        let figures: String
        let model: String?
        let failure: String?
        let accuracy, answeredAccuracy, p50Ms, p95Ms, fps: Double?
        let answered, refusedRequests: Int
        let switches: [Switch]

        /// Whether it has figures: a device that nothing fits serves nobody.
        var serves: Bool { failure == nil || answered > 0 }
    }

    /// The part of `fleet.json` that is read.
    private struct File: Decodable { let devices: [Device] }

    /// Name of its folder.
    let name: String
    /// When it was written.
    let date: Date
    let devices: [Device]

    /// The last services in a results folder.
    ///
    /// - Parameters:
    ///   - results: the folder.
    ///   - count: at most so many.
    static func newest(in results: URL, count: Int) -> [ServedFleet] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: results.path)) ?? []
        let files = names.compactMap { name -> (name: String, date: Date, file: URL)? in
            let file = results.appendingPathComponent(name).appendingPathComponent("fleet.json")
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: file.path),
                let date = attributes[.modificationDate] as? Date, (attributes[.size] as? Int ?? .max) < 20_000_000
            else { return nil }
            return (name, date, file)
        }
        return files.sorted { $0.date > $1.date }.prefix(count).compactMap { entry in
            guard let data = try? Data(contentsOf: entry.file), let file = try? JSON.read(File.self, data)
            else { return nil }
            return ServedFleet(name: entry.name, date: entry.date, devices: file.devices)
        }
    }
}
