extension DatasetPair {
    /// Adds a note when classes have no sample to train on: they may be none. Reads labels until all classes are met.
    func notingEmptyClasses() -> DatasetPair {
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
        return adding(
            .warning(
                "labels to train on are \(least) to \(most): class 0 is empty, and with it there are \(train.classes) "
                    + "classes"))
    }

    private func adding(_ note: DatasetNote) -> DatasetPair {
        DatasetPair(train: train, test: test, notes: notes + [note])
    }
}
