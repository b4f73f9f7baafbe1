/// The orders at which Rényi divergences are computed; ε is the least over them, so any set
/// gives a valid bound.
public enum RenyiOrders {
    /// Those of dp-accounting 0.6.0: 1.1 to 10.9 in tenths, 11 to 63, 128, 256, 512, 1024. Good
    /// for Gaussians at ε from 0.01 to 100.
    public static let usual: [Double] =
        (1...99).map { 1 + Double($0) / 10 } + (11...63).map(Double.init) + [128, 256, 512, 1024]
}
