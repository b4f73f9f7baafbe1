/// Numbers as the reasons of decisions show them.
enum Quantity {
    /// A number with three significant digits, or a whole number with all of its digits: 0.0123, 1.5, 24684.
    static func text(_ value: Double) -> String {
        guard value.isFinite else { return "\(value)" }
        guard value != 0 else { return "0" }
        var scale = 1.0
        while abs(value) * scale < 100, scale < 1e9 { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }

    /// A duration in seconds as milliseconds, e.g. `1.5 ms`.
    static func milliseconds(_ seconds: Double) -> String { text(1e3 * seconds) + " ms" }
}
