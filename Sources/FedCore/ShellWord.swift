extension StringProtocol {
    /// The text as one word of a POSIX shell's command line, for commands that a person is told to run: unchanged
    /// where no character in it is special to a shell, otherwise between single quotes.
    public var shellWord: String {
        let isPlain = unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-", "+", "=", ":", ",", ".", "/", "@", "%": true
            default: false
            }
        }
        if isPlain, !isEmpty { return String(self) }
        var word = String.UnicodeScalarView("'".unicodeScalars)
        for scalar in unicodeScalars {
            if scalar == "'" { word.append(contentsOf: "'\\''".unicodeScalars) } else { word.append(scalar) }
        }
        return String(word) + "'"
    }
}
