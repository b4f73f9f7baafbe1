extension Duration {
    /// The duration as a floating-point number of seconds, for reports and settings; rounded to 53 bits, a nanosecond
    /// in some hundred days.
    public var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
