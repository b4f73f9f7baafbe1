/// One line that is drawn over again while a round runs.
final class ProgressBar {
    private static let width = 40
    /// Empties the terminal's line.
    static let eraser = "\r\u{1B}[2K"

    private var isDrawn = false

    func draw(round: Int, fraction: Double) {
        let fraction = min(max(fraction, 0), 1)
        let filled = Int(fraction * Double(Self.width))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
        Console.draw(
            "\r" + Format.padded("\(round)", to: 5) + "  [\(bar)] \(Int(fraction * 100)) %")
        isDrawn = true
    }

    func clear() {
        if isDrawn { erase() }
    }

    /// Also what the terminal has put there, such as the `^C` of who stops the run.
    func erase() {
        Console.draw(Self.eraser)
        isDrawn = false
    }
}
