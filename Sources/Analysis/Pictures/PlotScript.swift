import FedCore

/// Text of a gnuplot script, in which nothing but numbers, colours and quoted texts can stand beside what this program's source
/// says: the one way for a name into a script.
///
/// gnuplot runs what stands between backticks, also within double quotes, and takes `@name` for a macro; between single
/// quotes nothing means anything but the single quote (T. Williams, C. Kelley, *gnuplot 6.0*, "Quote Marks", "Substitution and
/// Command line macros"). That one is written as the apostrophe that it looks like, U+2019: written twice, as the manual has it,
/// it ends a text that begins with it.
public struct PlotScript: Sendable, ExpressibleByStringInterpolation {
    public private(set) var text: String

    public init(stringLiteral text: String) { self.text = text }
    public init(stringInterpolation parts: Interpolation) { text = parts.text }

    /// A text as a string of the script; what cannot be shown is written out (``Swift/StringProtocol/printable``).
    static func quoted(_ text: String) -> String {
        let scalars = text.printable.unicodeScalars.map { $0 == "'" ? "\u{2019}" : $0 }
        return "'\(String(String.UnicodeScalarView(scalars)))'"
    }

    public struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        public init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        public mutating func appendLiteral(_ literal: String) { text += literal }
        public mutating func appendInterpolation(_ script: PlotScript) { text += script.text }
        public mutating func appendInterpolation(_ number: Int) { text += "\(number)" }
        public mutating func appendInterpolation(_ number: Double) { text += number.isFinite ? "\(number)" : "NaN" }
        public mutating func appendInterpolation(_ number: Double, decimals: Int) {
            text += number.isFinite ? NumberText.fixed(number, decimals) : "NaN"
        }
        /// A colour, between quotes.
        public mutating func appendInterpolation(_ colour: Colour) { text += "\"\(colour.hexadecimal)\"" }
        /// Likewise as a number.
        public mutating func appendInterpolation(hexadecimal colour: Colour) {
            text += "0x" + colour.hexadecimal.dropFirst()
        }
        /// A text, between quotes.
        public mutating func appendInterpolation(text: String) { self.text += PlotScript.quoted(text) }
        /// A label of an axis, between quotes: in these a percent sign begins a format.
        public mutating func appendInterpolation(tic: String) {
            // Scalar by scalar: a percent sign with an accent is another character, and a format all the same.
            let scalars = tic.unicodeScalars.flatMap { $0 == "%" ? [$0, $0] : [$0] }
            text += PlotScript.quoted(String(String.UnicodeScalarView(scalars)))
        }
    }
}

extension Sequence<PlotScript> {
    /// One after the other.
    public func joined(by separator: PlotScript = "\n") -> PlotScript {
        var isFirst = true
        return reduce("") { script, part in
            defer { isFirst = false }
            return isFirst ? part : "\(script)\(separator)\(part)"
        }
    }

    /// What plots are separated by.
    public func joinedPlots() -> PlotScript { joined(by: ", \\\n     ") }
}
