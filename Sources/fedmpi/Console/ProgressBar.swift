/// One line on a terminal that is drawn again and again while a round runs.
///
/// Whoever prints something else calls ``clear()`` first; ``Console/error(_:onItsOwnLine:)`` does it by itself.
final class ProgressBar {
    /// Characters between the brackets.
    private static let width = 40
    /// The escape sequence that empties the terminal's line and returns to its beginning.
    static let eraser = "\r\u{1B}[2K"

    /// Whether the bar is on the terminal.
    private var isDrawn = false

    /// Draws the bar.
    ///
    /// - Parameters:
    ///   - round: the round's number.
    ///   - fraction: how much of it is done, in [0, 1]; values outside are cut.
    func draw(round: Int, fraction: Double) {
        let fraction = min(max(fraction, 0), 1)
        let filled = Int(fraction * Double(Self.width))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
        Console.draw(
            "\r" + Format.padded("\(round)", to: 5) + "  [\(bar)] \(Int(fraction * 100)) %")
        isDrawn = true
    }

    /// Removes the bar, if it is there.
    func clear() {
        if isDrawn { erase() }
    }

    /// Empties the line, whatever is on it: also what the terminal has put there, such as the `^C` of whoever stops the
    /// run.
    func erase() {
        Console.draw(Self.eraser)
        isDrawn = false
    }
}
