import FedCore

extension DatasetPair {
    /// Adds a note when some classes have no training samples.
    ///
    /// Such classes are often a mistake: labels that count from 1 leave class 0 empty and add an output that
    /// never learns, which is a warning; a class missing elsewhere is a mere fact.
    ///
    /// - Complexity: O(1) in the usual case, as labels are read only until every class has been seen;
    ///   O(train.count) otherwise.
    func notingEmptyClasses() -> DatasetPair {
        guard train.task.hasClasses else { return self }
        var isMet = [Bool](repeating: false, count: train.classes)
        var left = train.classes
        for sample in 0..<train.count {
            let label = train.label(sample)
            guard !isMet[label] else { continue }
            isMet[label] = true
            left -= 1
            if left == 0 { return self }
        }
        let empty = isMet.indices.filter { !isMet[$0] }
        guard let first = empty.first else { return self }
        let met = isMet.indices.filter { isMet[$0] }
        guard first == 0, let least = met.first, let most = met.last else {
            let names = empty.map { "\(train.classNames[$0])" }
            let what = names.count == 1 ? "class" : "classes"
            return adding(.fact("no sample to train on of \(what) \(CSVHeader.list(names))"))
        }
        let remedy = least == 1 && train is IDXImages ? "; if labels count from 1, add first-label=1" : ""
        return adding(
            .warning(
                "labels to train on are \(least) to \(most): class 0 is empty, and with it there are \(train.classes) "
                    + "classes\(remedy)"))
    }

    /// A copy of the pair with one more note behind its own.
    private func adding(_ note: DatasetNote) -> DatasetPair {
        var pair = self
        pair.notes.append(note)
        return pair
    }
}
