/// A value of an attribute in OpenTelemetry.
package enum OTLPValue: Sendable, Equatable {
    /// A string.
    case text(String)
    /// A whole number of 64 bits.
    case integer(Int)
    /// A floating-point number.
    case number(Double)
    /// True or false.
    case flag(Bool)

    /// Writes an `AnyValue`.
    func write(to writer: inout some OTLPWriter) {
        switch self {
        case .text(let text): writer.add(1, "stringValue", text: text)
        case .flag(let flag): writer.add(2, "boolValue", flag: flag)
        case .integer(let number): writer.add(3, "intValue", integer: number)
        case .number(let number): writer.add(4, "doubleValue", number: number)
        }
    }
}

/// Attributes by their full names, in order; a value of nil is left out.
package typealias OTLPAttributes = [(key: String, value: OTLPValue?)]

extension OTLPWriter {
    /// Attributes, in OTLP's list of `KeyValue`.
    ///
    /// - Parameter field: the number of the message's field `attributes`.
    mutating func add(_ field: UInt64, attributes: OTLPAttributes) {
        add(field, "attributes", each: attributes.filter { $0.value != nil }) { pair, writer in
            writer.add(1, "key", text: pair.key)
            writer.add(2, "value") { pair.value?.write(to: &$0) }
        }
    }
}

extension UInt64 {
    /// Nanoseconds of a time in microseconds; the largest number where it would not fit, 0 for one before 1970.
    init(nanosecondsOf microseconds: Int) {
        let (product, overflows) = UInt64(clamping: microseconds).multipliedReportingOverflow(by: 1_000)
        self = overflows ? .max : product
    }
}
