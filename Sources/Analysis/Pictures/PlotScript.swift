import FedCore

/// Text of a gnuplot script, in which nothing but numbers, colours and quoted texts can stand beside what this
/// program's source says: the one way for a name into a script.
///
/// gnuplot runs what stands between backticks, also within double quotes, and takes `@name` for a macro; between single
/// quotes nothing means anything but the single quote (T. Williams, C. Kelley, *gnuplot 6.0*, "Quote Marks",
/// "Substitution and Command line macros"). That one is written as the apostrophe that it looks like, U+2019: written
/// twice, as the manual has it, it ends a text that begins with it.
///
/// ```swift
/// let script: PlotScript = "set title \(text: run.name)\nset xrange [0:\(largest)]"
/// ```
///
/// A `String` variable cannot be interpolated without a label, so what lacks its quotes does not compile.
public struct PlotScript: Sendable, ExpressibleByStringInterpolation {
    /// The script as gnuplot reads it.
    public private(set) var text: String

    /// Takes a literal as it is.
    public init(stringLiteral text: String) { self.text = text }
    /// Takes what the interpolation has put together.
    public init(stringInterpolation parts: Interpolation) { text = parts.text }

    /// A text as a string of the script, between single quotes; what cannot be shown is written out
    /// (``Swift/StringProtocol/printable``), so that it is one line.
    static func quoted(_ text: String) -> String {
        let scalars = text.printable.unicodeScalars.map { $0 == "'" ? "\u{2019}" : $0 }
        return "'\(String(String.UnicodeScalarView(scalars)))'"
    }

    /// What may stand in a script's literal: other scripts, numbers and colours as they are, texts with a label that
    /// says how they are quoted.
    public struct Interpolation: StringInterpolationProtocol {
        /// The script so far.
        fileprivate var text = ""

        /// Begins with an empty script.
        public init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        /// What the source says.
        public mutating func appendLiteral(_ literal: String) { text += literal }
        /// Another script, or a part of one, as it is.
        public mutating func appendInterpolation(_ script: PlotScript) { text += script.text }
        /// A whole number.
        public mutating func appendInterpolation(_ number: Int) { text += "\(number)" }
        /// A number with as many digits as tell it apart from all others; `NaN` when it is not finite.
        public mutating func appendInterpolation(_ number: Double) { text += number.isFinite ? "\(number)" : "NaN" }
        /// A number with so many decimal places; `NaN` when it is not finite.
        public mutating func appendInterpolation(_ number: Double, decimals: Int) {
            text += number.isFinite ? NumberText.fixed(number, decimals) : "NaN"
        }
        /// A colour between quotes, as `"#RRGGBB"`.
        public mutating func appendInterpolation(_ colour: Colour) { text += "\"\(colour.hexadecimal)\"" }
        /// A colour as a number, `0xRRGGBB`, for arrays and `lc rgb variable`.
        public mutating func appendInterpolation(hexadecimal colour: Colour) {
            text += "0x" + colour.hexadecimal.dropFirst()
        }
        /// A text between quotes, for titles and labels.
        public mutating func appendInterpolation(text: String) { self.text += PlotScript.quoted(text) }
        /// A label of an axis, between quotes: in these a percent sign begins a format, and is written twice.
        public mutating func appendInterpolation(tic: String) {
            // Scalar by scalar: a percent sign with an accent is another character, and a format all the same.
            let scalars = tic.unicodeScalars.flatMap { $0 == "%" ? [$0, $0] : [$0] }
            text += PlotScript.quoted(String(String.UnicodeScalarView(scalars)))
        }
    }
}

extension Sequence<PlotScript> {
    /// One after the other.
    ///
    /// - Parameter separator: between each two of them; by default a line break.
    public func joined(by separator: PlotScript = "\n") -> PlotScript {
        var isFirst = true
        return reduce("") { script, part in
            defer { isFirst = false }
            return isFirst ? part : "\(script)\(separator)\(part)"
        }
    }

    /// The parts of one `plot` command: with commas, each on a line of its own.
    public func joinedPlots() -> PlotScript { joined(by: ", \\\n     ") }
}
