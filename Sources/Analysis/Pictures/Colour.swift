/// Colours that colour-blind readers tell apart: P. Tol, *Colour Schemes*, SRON/EPS/TN/09-002, 2021, the scheme
/// "bright".
public struct Colour: Sendable, Equatable {
    /// Red, green and blue with 8 bits each: 0xRRGGBB.
    public let rgb: Int

    /// Makes a colour.
    ///
    /// - Parameter rgb: 0xRRGGBB, in 0 ... 0xffffff.
    public init(_ rgb: Int) { self.rgb = rgb }

    /// The first of the scheme.
    public static let blue = Colour(0x4477aa)
    /// The server's loss, accuracy that was lost, and clients that were dropped.
    static let red = Colour(0xee6677)
    /// Accuracy, and the clients' own models.
    static let green = Colour(0x228833)
    /// Clients that were late.
    static let yellow = Colour(0xccbb44)
    /// Bytes in all, and updates that were rejected.
    static let purple = Colour(0xaa3377)

    /// For things of one kind, in turn: whoever has more of them than colours begins again.
    public static let all = [
        blue, red, green, yellow, Colour(0x66ccee), purple, Colour(0xbbbbbb),
    ]

    /// `#rrggbb`, with lower-case digits.
    public var hexadecimal: String {
        let digits = String(rgb, radix: 16)
        return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }
}
