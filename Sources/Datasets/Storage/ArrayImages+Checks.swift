import FedCore

extension ArrayImages.Rows {
    /// The label in a row; nil if it is not a whole number.
    func `class`(inRow row: Int) -> Int? { bytes.integer(format, at: offset + row * format.size) }

    /// Checks that every label is a class.
    ///
    /// - Parameters:
    ///   - most: number that all labels must be below.
    ///   - dropsUnlabelled: whether a label below 0 or NaN is passed over instead of refused.
    ///   - keepsUnlabelled: whether one of -2 stands for a sample that is to be predicted.
    /// - Returns: the largest label, and the number of rows without one.
    /// - Throws: ``DatasetError/labelOutOfRange(file:sample:label:classes:)`` or
    ///   ``DatasetError/malformed(file:reason:)`` with the first sample at fault, or when no row has a label.
    /// - Complexity: O(count).
    func classes(
        most: Int, dropsUnlabelled: Bool, keepsUnlabelled: Bool
    ) throws(DatasetError) -> (largest: Int, unlabelled: Int) {
        var largest = 0
        var unlabelled = 0
        var toPredict = 0
        for row in 0..<count {
            let label = self.class(inRow: row)
            if let label, (0..<most).contains(label) {
                largest = max(largest, label)
                continue
            }
            if keepsUnlabelled, label == ArrayImages.unlabelled {
                toPredict += 1
                unlabelled += 1
                continue
            }
            let text = label.map { "\($0)" } ?? number(inRow: row)
            guard label.map({ $0 < 0 }) ?? (text == "nan") else {
                if let label { throw .labelOutOfRange(file: path, sample: row, label: label, classes: most) }
                throw .malformed(
                    file: path,
                    reason:
                        "the label of sample \(row) is \(text), no whole number from 0 on: no class; task=values takes "
                        + "numbers to predict")
            }
            guard dropsUnlabelled else {
                throw .malformed(
                    file: path,
                    reason: "the label of sample \(row) is \(text), outside 0 ..< \(most): missing=drop leaves samples "
                        + "without a label out")
            }
            unlabelled += 1
        }
        guard unlabelled < count || toPredict > 0 else {
            throw .malformed(file: path, reason: "holds no label from 0 on")
        }
        return (largest, unlabelled)
    }

    /// Checks that every row has targets.
    ///
    /// - Parameters:
    ///   - width: number of numbers of a row.
    ///   - task: what they are.
    ///   - dropsUnlabelled: whether a row with a NaN is passed over instead of refused.
    ///   - keepsUnlabelled: whether an infinite target stands for a row that is to be predicted.
    /// - Returns: the rows with targets, ascending; nil: all.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` with the first sample at fault, or when no row has targets.
    /// - Complexity: O(count · width).
    func targeted(
        _ width: Int, _ task: LearningTask, dropsUnlabelled: Bool, keepsUnlabelled: Bool
    ) throws(DatasetError) -> [UInt32]? {
        var areLabels = false
        if case .labels = task { areLabels = true }
        var values = [Float](repeating: 0, count: width)
        var chosen: [UInt32]?
        for row in 0..<count {
            var span = values.mutableSpan
            bytes.readFloats(
                format, at: offset + row * width * format.size, count: width, dividedBy: 1, into: &span, at: 0)
            if keepsUnlabelled, values.allSatisfy({ $0 == .infinity }) {
                chosen?.append(UInt32(row))
                continue
            }
            if let wrong = values.first(where: { !$0.isNaN && (areLabels ? $0 != 0 && $0 != 1 : !$0.isFinite) }) {
                let should =
                    areLabels ? "labels are 0 or 1; task=values takes numbers to predict" : "numbers must be finite"
                throw .malformed(file: path, reason: "sample \(row) has \(NumberRange.text(wrong)): \(should)")
            }
            let isMissing = values.contains { $0.isNaN }
            guard !isMissing || dropsUnlabelled else {
                throw .malformed(
                    file: path, reason: "sample \(row) has nan: missing=drop leaves samples without a target out")
            }
            if isMissing, chosen == nil { chosen = (0..<UInt32(row)).map { $0 } }
            if !isMissing { chosen?.append(UInt32(row)) }
        }
        guard chosen?.isEmpty != true else { throw .malformed(file: path, reason: "holds no sample with targets") }
        return chosen
    }

    /// A number as the user wrote it, for messages.
    private func number(inRow row: Int) -> String {
        var value: [Float] = [0]
        var span = value.mutableSpan
        bytes.readFloats(format, at: offset + row * format.size, count: 1, dividedBy: 1, into: &span, at: 0)
        return NumberRange.text(value[0])
    }
}

extension ArrayImages {
    /// Extent beyond which numbers are far from what the models' initial weights are made for.
    private static let largestUsual: Float = 16

    /// Advice for numbers that are large: pixels of bytes have a divisor, what is measured in other units has a mean and a
    /// deviation, of each column or channel.
    private func remedy(_ least: Float, _ largest: Float) -> String {
        let arePixels = shape.isRow ? least == 0 && largest == 255 : least >= 0 && largest <= 255
        return arePixels
            ? "dataset option scale=255 divides them"
            : "--normalize channels gives each \(shape.isRow ? "column" : "channel") the mean 0 and the deviation 1"
    }

    /// Remarks on the numbers as they are trained on: their range, rows that were left out, and a warning when
    /// they look unscaled or scaled twice.
    var notes: [DatasetNote] {
        var notes: [DatasetNote] = []
        let unlabelled = images.count - count
        let path = answers.rows.0.path
        if unlabelled > 0, images.path != path {
            notes.append(
                .fact(
                    "\(path): \(NumberText.grouped(unlabelled)) of \(NumberText.grouped(images.count)) samples have no label and are left out"
                ))
        }
        let (least, largest) = (range.least / scale, range.largest / scale)
        let scaled = NumberRange(least: least, largest: largest)
        if scale == 1, scaled.extent > Self.largestUsual {
            notes.append(
                .rangeWarning(
                    "\(images.path): values \(scaled.description) are trained on as they are; "
                        + remedy(least, largest)))
        } else if scale > 1, range.largest > range.least, scaled.extent < 2 / scale {
            notes.append(
                .rangeWarning(
                    "\(images.path): values \(range.description) are divided by \(NumberRange.text(scale)); dataset option "
                        + "scale=1 takes them as they are"))
        } else {
            notes.append(.fact("\(images.path): values \(scaled.description)"))
        }
        return notes
    }

    /// Pairs this training split with a test split, with the remarks on both. Warns when their numbers differ
    /// in size by more than a factor of 8, which is a sign that only one of them was scaled.
    ///
    /// - Throws: ``DatasetError/shapeMismatch(train:trainShape:test:testShape:)`` when their images differ in
    ///   shape.
    func tested(on test: ArrayImages) throws(DatasetError) -> DatasetPair {
        guard shape == test.shape else {
            throw .shapeMismatch(
                train: images.path, trainShape: shape, test: test.images.path, testShape: test.shape)
        }
        guard task.outputs == test.task.outputs else {
            throw .malformed(
                file: test.answers.rows.0.path,
                reason: "has \(test.task.outputs) targets a sample, and \(answers.rows.0.path) has \(task.outputs)")
        }
        var notes = notes + test.notes
        let (own, others) = (range.extent / scale, test.range.extent / test.scale)
        if max(own, others) > 8 * min(own, others) {
            notes.append(
                .warning("\(test.images.path) has values of another size than \(images.path): scale both alike"))
        }
        let filling = gaps != nil || test.gaps != nil ? try means() : nil
        return DatasetPair(train: filled(with: filling), test: test.filled(with: filling), notes: notes)
    }
}
