/// Every constant of the simulated energy, with its unit and its source.
///
/// They are of published measurements of single devices of their time, as later work quotes them, good for the order of
/// magnitude and for comparing policies; a fleet file can state a class's own watts.
public enum EnergyConstants {
    /// LTE: 438.39 and 51.97 mW for each Mbit/s up and down, 1,288.04 mW base; a tail of 11.576 s at 1,060 mW.
    /// Huang et al., MobiSys 2012, table 4 and section 4.
    public static let lte = RadioPower(
        wattsPerMegabitUp: 0.43839, wattsPerMegabitDown: 0.05197, baseWatts: 1.28804, tailSeconds: 11.576,
        tailWatts: 1.060)

    /// 3G: 868.98 and 122.12 mW for each Mbit/s up and down, 817.88 mW base; a tail of 8.088 s at 804 mW. The same source.
    public static let threeG = RadioPower(
        wattsPerMegabitUp: 0.86898, wattsPerMegabitDown: 0.12212, baseWatts: 0.81788, tailSeconds: 8.088,
        tailWatts: 0.804)

    /// WiFi: 283.17 and 137.01 mW for each Mbit/s up and down, 132.86 mW base; a tail of 0.238 s at 119 mW. The same
    /// source.
    public static let wifi = RadioPower(
        wattsPerMegabitUp: 0.28317, wattsPerMegabitDown: 0.13701, baseWatts: 0.13286, tailSeconds: 0.238,
        tailWatts: 0.119)

    /// A cable: its power is part of the device's.
    /// Nor does a cable stay awake.
    public static let wired = RadioPower(
        wattsPerMegabitUp: 0, wattsPerMegabitDown: 0, baseWatts: 0, tailSeconds: 0, tailWatts: 0)

    /// Volts of a lithium-ion cell on average, by which mAh become joules: 3,000 mAh · 3.85 V · 3.6 = 41,580 J. The value
    /// printed on phone batteries.
    public static let cellVolts = 3.85

    /// Joules of a battery: mAh · V · 3.6, because 1 mAh is 3.6 coulombs.
    /// Not its watt-hours: those are mAh · V / 1,000, and 130 mAh are 0.5 Wh only at 3.85 V.
    public static func joules(milliampereHours: Double, volts: Double) -> Double { milliampereHours * volts * 3.6 }
}
