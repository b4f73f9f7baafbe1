import FedCore

extension Importer {
    /// The lines that the graph's output depends on, as `ModelText` takes them, and the number of outputs.
    ///
    /// A line that takes the output of the one before it does not say so; others end in `from NAME`. Lines that the
    /// output does not depend on are left out.
    /// - Parameter output: name of the graph's output.
    /// - Returns: a line for each layer, e.g. `conv 16 3x3 pad 1 as conv1`, and the numbers that the model puts out for
    ///   a sample.
    /// - Throws: `ConfigurationError` when the output is not one row of numbers for each sample, or depends on no
    ///   layer.
    mutating func finish(_ output: String) throws(ConfigurationError) -> (lines: [String], outputs: Int) {
        guard case .tensor(let unfinished)? = values[output] else {
            throw ConfigurationError("its output '\(output.printable)' does not depend on its input")
        }
        if unfinished.line >= 0, lines[unfinished.line].version != unfinished.version {
            throw ConfigurationError("its output is a layer's, of which something else reads another part")
        }
        let result = try flattened(try finished(unfinished))
        guard result.line >= 0, result.sample.count == 1 else {
            throw ConfigurationError(
                "it puts out \(result.sample) for a sample; networks of one row of numbers are read")
        }
        var isNeeded = [Bool](repeating: false, count: lines.count)
        isNeeded[result.line] = true
        for index in lines.indices.reversed() where isNeeded[index] {
            for source in lines[index].sources where source >= 0 { isNeeded[source] = true }
        }
        var written: [String] = []
        var previous = -1
        for (index, line) in lines.enumerated() where isNeeded[index] {
            var text = line.words
            if line.layers > 1 { text += " layers \(line.layers)" }
            if line.isLast { text += " last" }
            text += " as \(line.name)"
            if line.sources[0] != previous {
                text += " from \(line.sources[0] < 0 ? "input" : lines[line.sources[0]].name)"
            }
            written.append(text)
            previous = index
        }
        return (written, result.sample[0])
    }
}
