/// Colours that colour-blind readers tell apart: P. Tol, *Colour Schemes*, SRON/EPS/TN/09-002, 2021.
public struct Colour: Sendable, Equatable {
    /// 0xRRGGBB.
    public let rgb: Int

    public init(_ rgb: Int) { self.rgb = rgb }

    public static let blue = Colour(0x4477aa)
    static let red = Colour(0xee6677)
    static let green = Colour(0x228833)
    static let yellow = Colour(0xccbb44)
    static let purple = Colour(0xaa3377)

    /// For things of one kind, in turn.
    public static let all = [
        blue, red, green, yellow, Colour(0x66ccee), purple, Colour(0xbbbbbb),
    ]

    /// `#RRGGBB`.
    public var hexadecimal: String {
        let digits = String(rgb, radix: 16)
        return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }
}
