extension [String] {
    /// The arguments with negative numbers tied to the options before them: `--rounds=-1`. The parser would take `-1` for an
    /// option of its own and say that `--rounds` has no value, which is not what is wrong.
    var withNegativeNumbersTied: [String] {
        var words: [String] = []
        for word in self {
            if let last = words.last, last.hasPrefix("--"), !last.contains("="), last.count > 2, word.hasPrefix("-"),
                Double(word) != nil
            {
                words[words.count - 1] = "\(last)=\(word)"
            } else {
                words.append(word)
            }
        }
        return words
    }
}
