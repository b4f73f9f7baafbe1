import FedCore
import FoundationEssentials

/// Reader of the state traces of FLASH, `data/state_traces.json`: what 1,000 (of 136,000) phones did for a week.
///
/// ```json
/// {"17": {"model": "…", "guid": "…", "messages": "2020-01-31 23:10:05\tbattery_charged_on\n…"}}
/// ```
///
/// | event | from then on the device is |
/// |---|---|
/// | `battery_charged_on`, `battery_charged_off` | on a charger, or not |
/// | `screen_on`, `screen_unlock`; `screen_off`, `screen_lock` | in use, or not |
/// | `wifi`; `2g` … `5g`; `unknown`, `phone_off` | at home; away from home; offline |
/// | `phone_on` | where it was before `phone_off` |
/// | `battery_low`, `battery_okay`, `87.0%` | as before: batteries are simulated |
///
/// FLASH trains where a phone is locked, on a charger and on WiFi, that is `--require charging,idle,unmetered`; it knows a
/// phone as idle by its lock alone, which not all of its records have.
///
/// C. Yang et al., *Characterizing Impacts of Heterogeneity in Federated Learning upon Large-Scale Smartphone Data*, WWW
/// 2021, arXiv:2006.06983; the format is that of `models/timer.py` of github.com/PKU-Chengxu/FLASH.
enum FlashRecords {
    /// A phone's record; what else is in it is of no use here.
    private struct Record: Decodable {
        let messages: String
    }

    /// What is known of a phone between two events.
    private struct Phone {
        /// On a charger.
        var isCharging = false
        /// The screen is on, or unlocked.
        var isUsed = false
        /// Switched off.
        var isOff = false
        /// What it was connected by when that was last said.
        var network: Network = .none

        /// A phone's connection: it has none, or at home, where nobody counts megabytes, or elsewhere.
        enum Network { case none, home, away }

        /// The same as a device's state, in which a phone that is off is offline.
        var state: DeviceState {
            var state: DeviceState = []
            if isCharging { state.insert(.charging) }
            if isUsed { state.insert(.inUse) }
            if isOff || network == .none { state.insert(.offline) }
            if network == .away { state.insert(.away) }
            return state
        }

        /// Changes what an event changes.
        /// - Returns: false for a word that is no event.
        mutating func apply(_ event: String) -> Bool {
            switch event {
            case "battery_charged_on": isCharging = true
            case "battery_charged_off": isCharging = false
            case "screen_on", "screen_unlock": isUsed = true
            case "screen_off", "screen_lock": isUsed = false
            case "wifi": network = .home
            case "2g", "3g", "4g", "5g": network = .away
            case "unknown": network = .none
            case "phone_off": isOff = true
            case "phone_on": isOff = false
            case "battery_low", "battery_okay": break
            default: return event.hasSuffix("%") && Double(event.dropLast()) != nil
            }
            return true
        }
    }

    /// Reads a file.
    /// A record is left out where FLASH leaves it out: when a line is not a time, a tab and an event, or all is at one moment.
    /// - Throws: `ConfigurationError` when it is no such file, and for a word that is no event.
    static func read(_ data: Data) throws(ConfigurationError) -> TraceRecords {
        guard let users = try? JSONDecoder().decode([String: Record].self, from: data) else {
            throw ConfigurationError(
                "it is no JSON object of users, each with its 'messages', as FLASH's state traces are")
        }
        var records = TraceRecords()
        for (user, record) in users.sorted(by: { $0.key < $1.key }) {
            if let device = try device(record, of: user) {
                records.devices.append(device)
            } else {
                records.leftOut += 1
            }
        }
        return records
    }

    /// One phone's record; nil when it is left out.
    ///
    /// Two passes: the first finds what holds at the end, which is what the second begins with. Then the changes are turned so
    /// that they begin on a Monday, or, of a shorter record, on some midnight.
    /// - Complexity: O(events · log events).
    private static func device(_ record: Record, of user: String) throws(ConfigurationError) -> DeviceTrace? {
        var events: [(second: Int, event: String)] = []
        // By bytes: a file has millions of lines, and characters take ten times as long.
        for (number, line) in record.messages.utf8.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            let parts = line.split(separator: 9, omittingEmptySubsequences: false).map { Self.trimmed($0) }
            if parts.allSatisfy(\.isEmpty) { continue }
            guard parts.count == 2, let second = CalendarTime.seconds(parts[0]), !parts[1].isEmpty else { return nil }
            let event = String(decoding: parts[1], as: UTF8.self).lowercased()
            var phone = Phone()
            guard phone.apply(event) else {
                throw ConfigurationError(
                    "user '\(user.printable)', line \(number + 1) of 'messages': '\(event.printable)' is no event")
            }
            events.append((second, event))
        }
        // The order of the file among events of one second.
        let ordered = events.enumerated().sorted { ($0.element.second, $0.offset) < ($1.element.second, $1.offset) }
            .map(\.element)
        guard let first = ordered.first?.second, let last = ordered.last?.second, last > first else { return nil }
        let period = repetition(of: last - first)
        let kept = ordered.prefix { $0.second < first + period }
        // The state before the first event of a kind is that at the end, because the record is repeated.
        var phone = Phone()
        for (_, event) in kept { _ = phone.apply(event) }
        let changes = kept.map { (second, event) in
            _ = phone.apply(event)
            return (second: second % period, state: phone.state)
        }
        // One place in them where the clock begins anew.
        let turn = changes.indices.dropFirst().first { changes[$0].second < changes[$0 - 1].second } ?? 0
        return DeviceTrace(period: period, changes: Array(changes[turn...] + changes[..<turn]))
    }

    /// Bytes without white space and control characters at their ends.
    private static func trimmed(_ bytes: Substring.UTF8View) -> Substring.UTF8View {
        var bytes = bytes
        while let first = bytes.first, first <= 32 { bytes.removeFirst() }
        while let last = bytes.last, last <= 32 { bytes.removeLast() }
        return bytes
    }

    /// Seconds after which a record of so many is repeated: whole weeks, or, of less than a week, whole days, so that an
    /// hour of the day stays one. What a record has beyond its whole weeks is left out, and beyond a thousand of them.
    private static func repetition(of seconds: Int) -> Int {
        let days = seconds / 86_400 + 1
        return (days < 7 ? days : min(days / 7, 1_000) * 7) * 86_400
    }
}

/// Times such as `2020-01-31 23:10:05`, without a zone.
enum CalendarTime {
    /// Seconds from Monday, 5 January 1970; nil for what is no time.
    static func seconds(_ text: some Collection<UInt8>) -> Int? {
        let bytes = Array(text)
        guard bytes.count == 19, bytes[4] == 45, bytes[7] == 45, bytes[10] == 32, bytes[13] == 58, bytes[16] == 58
        else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            bytes[range].reduce(0 as Int?) { sum, byte in
                guard let sum, (48...57).contains(byte) else { return nil }
                return sum * 10 + Int(byte) - 48
            }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), year >= 1970, (1...12).contains(month),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...lengths[month - 1]).contains(day) else { return nil }
        let before = year - 1
        let leapDays = before / 4 - before / 100 + before / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400)
        let days = (year - 1970) * 365 + leapDays + lengths.prefix(month - 1).reduce(0, +) + day - 1
        // 1 January 1970 was a Thursday.
        let fromMonday = days - 4
        return fromMonday < 0 ? nil : fromMonday * 86_400 + hour * 3_600 + minute * 60 + second
    }
}
