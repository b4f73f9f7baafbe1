extension [UInt8] {
    /// Appends a number in decimal digits. Makes no text, which for a file of millions of numbers would take longer than the
    /// rest.
    mutating func append(decimal number: Int) {
        if number < 0 { append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        if rest < 10 { return append(UInt8(ascii: "0") + UInt8(rest)) }
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var start = digits.count
        while rest > 0 {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        for i in start..<digits.count { append(digits[i]) }
    }
}
