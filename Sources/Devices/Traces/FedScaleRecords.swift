import FedCore
import FoundationEssentials

/// Reader of the availability of FedScale's clients, `client_behave_trace`, as JSON: sessions of each client.
///
/// ```json
/// {"1": {"duration": 211625, "active": [12788, 100044], "inactive": [65881, 133574], "finish_time": 518400}}
/// ```
///
/// Within a session, from `active` until `inactive`, a device is on a charger, idle and at home: FedScale made the sessions
/// of FLASH's records by when a phone was charged. Otherwise it is offline. A record is repeated after its `finish_time`
/// seconds, of which the first is the fleet's first.
///
/// F. Lai et al., *FedScale: Benchmarking Model and System Performance of Federated Learning at Scale*, ICML 2022,
/// arXiv:2105.11367; the format is that of `benchmark/dataset/data/device_info` of github.com/SymbioticLab/FedScale.
enum FedScaleRecords {
    /// A client's record; what else is in it is of no use here.
    private struct Record: Decodable {
        /// When sessions begin, in seconds.
        let active: [Int]
        /// When they end, each behind its beginning.
        let inactive: [Int]
        /// When the record ends.
        let finish: Int

        enum CodingKeys: String, CodingKey {
            case active, inactive
            case finish = "finish_time"
        }
    }

    /// Reads a file.
    /// A client without a session is left out.
    /// - Throws: `ConfigurationError` when it is no such file, and for sessions that are none.
    static func read(_ data: Data) throws(ConfigurationError) -> TraceRecords {
        guard let clients = try? JSONDecoder().decode([String: Record].self, from: data) else {
            throw ConfigurationError(
                "it is no JSON object of clients, each with whole numbers 'active', 'inactive' and 'finish_time', which "
                    + "docs/FLEETS.md shows how to make of FedScale's file")
        }
        var records = TraceRecords()
        for (client, record) in clients.sorted(by: { $0.key < $1.key }) {
            do throws(ConfigurationError) {
                if let device = try device(record) {
                    records.devices.append(device)
                } else {
                    records.leftOut += 1
                }
            } catch {
                throw ConfigurationError("client '\(client.printable)': \(error)")
            }
        }
        return records
    }

    /// One client's record; nil when it has no session.
    /// Sessions of no length are left out, and ends that are the next one's beginning join both.
    private static func device(_ record: Record) throws(ConfigurationError) -> DeviceTrace? {
        guard (60...1 << 30).contains(record.finish) else {
            throw ConfigurationError("finish_time is \(record.finish); it must be from 60 to \(1 << 30) s")
        }
        guard record.active.count == record.inactive.count else {
            throw ConfigurationError(
                "'active' has \(record.active.count) times, and 'inactive' \(record.inactive.count): a session has both"
            )
        }
        var changes: [(second: Int, state: DeviceState)] = []
        var last = 0
        for (start, end) in zip(record.active, record.inactive) {
            guard last <= start, start <= end, end <= record.finish else {
                throw ConfigurationError(
                    "a session from \(start) to \(end), after one until \(last), in \(record.finish) s: they must follow "
                        + "each other")
            }
            last = end
            guard start < end else { continue }
            changes.append((start, .charging))
            if end < record.finish { changes.append((end, .offline)) }
        }
        guard let first = changes.first, let end = changes.last else { return nil }
        // A session that lasts to the end does not go on at the beginning, unless one begins there.
        if end.state == .charging, first.second > 0 { changes.insert((0, .offline), at: 0) }
        return DeviceTrace(period: record.finish, changes: changes)
    }
}
