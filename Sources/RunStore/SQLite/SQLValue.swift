import Foundation

/// A value of one of SQLite's storage classes (https://www.sqlite.org/datatype3.html).
enum SQLValue: Sendable, Equatable {
    /// No value.
    case null
    /// A whole number with sign, of 64 bits at most.
    case integer(Int64)
    /// A double. SQLite stores NaN as NULL.
    case real(Double)
    /// Unicode text, stored as UTF-8.
    case text(String)
    /// Bytes.
    case blob(Data)

    /// The value as text for a table; nil for NULL. Doubles have as many digits as it takes to read them back.
    var shown: String? {
        switch self {
        case .null: nil
        case .integer(let number): "\(number)"
        case .real(let number): "\(number)"
        case .text(let text): text
        case .blob(let bytes): String(decoding: bytes, as: UTF8.self)
        }
    }
}

/// A type that a column can hold. `nil` of an optional is NULL. Types that do not conform are stored as JSON
/// (``RowEncoder``).
protocol SQLConvertible {
    /// The value as SQLite stores it.
    var sql: SQLValue { get }

    /// Reads a stored value; nil when the column holds another type.
    init?(_ value: SQLValue)
}

extension Int64: SQLConvertible {
    var sql: SQLValue { .integer(self) }

    init?(_ value: SQLValue) {
        guard case .integer(let number) = value else { return nil }
        self = number
    }
}

extension Int: SQLConvertible {
    var sql: SQLValue { .integer(Int64(self)) }

    init?(_ value: SQLValue) {
        guard case .integer(let number) = value else { return nil }
        self.init(exactly: number)
    }
}

/// Whole numbers are read as doubles, too: an expression over columns may give either.
extension Double: SQLConvertible {
    var sql: SQLValue { .real(self) }

    init?(_ value: SQLValue) {
        switch value {
        case .real(let number): self = number
        case .integer(let number): self.init(number)
        default: return nil
        }
    }
}

extension String: SQLConvertible {
    var sql: SQLValue { .text(self) }

    init?(_ value: SQLValue) {
        guard case .text(let text) = value else { return nil }
        self = text
    }
}

extension Data: SQLConvertible {
    var sql: SQLValue { .blob(self) }

    init?(_ value: SQLValue) {
        guard case .blob(let bytes) = value else { return nil }
        self = bytes
    }
}

/// NULL is nil; a value of another type is an error, not nil.
extension Optional: SQLConvertible where Wrapped: SQLConvertible {
    var sql: SQLValue { self?.sql ?? .null }

    init?(_ value: SQLValue) {
        guard value != .null else {
            self = .none
            return
        }
        guard let wrapped = Wrapped(value) else { return nil }
        self = wrapped
    }
}

/// Enumerations with raw values, stored as these. An unknown raw value is an error.
extension SQLConvertible where Self: RawRepresentable, RawValue: SQLConvertible {
    var sql: SQLValue { rawValue.sql }

    init?(_ value: SQLValue) {
        guard let raw = RawValue(value) else { return nil }
        self.init(rawValue: raw)
    }
}

/// A date is text as `2026-11-26 13:48:50.098`, in UTC, with milliseconds: SQLite's own functions understand it
/// (https://www.sqlite.org/lang_datefunc.html), it sorts by time, and people can read it.
extension Date: SQLConvertible {
    var sql: SQLValue {
        // Rounded: a date that was read is written as it was.
        let milliseconds = Int64((timeIntervalSince1970 * 1000).rounded())
        let fraction = (milliseconds % 1000 + 1000) % 1000
        var seconds = time_t((milliseconds - fraction) / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return .text(
            String(
                format: "%04d-%02d-%02d %02d:%02d:%02d.%03d", Int(parts.tm_year) + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, Int(fraction)))
    }

    init?(_ value: SQLValue) {
        guard case .text(let text) = value, text.utf8.count == 23 else { return nil }
        let numbers = text.split { !("0"..."9").contains($0) }.compactMap { Int32($0) }
        guard numbers.count == 7 else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
        self.init(timeIntervalSince1970: Double(timegm(&parts)) + Double(numbers[6]) / 1000)
    }
}
