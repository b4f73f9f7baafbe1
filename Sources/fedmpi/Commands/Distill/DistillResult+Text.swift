import Experiments

extension DistillResult {
    /// The table, and below it a line for each student that says whether distillation helped.
    ///
    /// Accuracies are in percent on the test set, as mean and sample standard deviation over the seeds;
    /// differences are in percentage points. Agreement is the share of test images that a student and the first
    /// teacher put in one class.
    var text: String {
        var table = TextTable([
            ("model", .left), ("trained", .left), ("accuracy %", .right), ("to the teacher", .right),
            ("agreement %", .right), ("parameters", .right), ("KB", .right),
        ])
        table.add([
            teacher.model, "the teacher", Format.fixed(100 * teacher.accuracy, 2), "", "",
            Format.grouped(teacher.parameters), Format.kilobytes(teacher.bytes),
        ])
        for student in students {
            let rows =
                [("distilled from \(student.teacher)", student.distilled)]
                + (student.scratch.map { [("from scratch", $0)] } ?? [])
            for (how, trained) in rows {
                table.add(
                    [student.model, how] + cells(trained)
                        + [Format.grouped(student.parameters), Format.kilobytes(student.bytes)])
            }
        }
        // Whole: with names that are cut it would not be told which model is whose student.
        return ([table.text(width: .max), ""] + students.compactMap(\.verdict)).joined(separator: "\n")
    }

    /// The cells that a student has once for each way of training: accuracy, distance to the teacher, agreement.
    private func cells(_ trained: Trained) -> [String] {
        /// Shares over the seeds as percent; a dash without any.
        func points(_ values: [Double]) -> String {
            SeedStatistic(values.map { 100 * $0 })?.text(decimals: 2) ?? "-"
        }
        let mean = SeedStatistic(trained.accuracy)?.mean
        return [
            points(trained.accuracy), mean.map { Self.signed(100 * ($0 - teacher.accuracy)) } ?? "-",
            points(trained.agreement),
        ]
    }

    /// Percentage points with their sign, and a true minus sign.
    fileprivate static func signed(_ points: Double) -> String {
        (points < 0 ? "−" : "+") + Format.fixed(abs(points), 2)
    }
}

extension DistillResult.Student {
    /// Whether distillation made the student better, in a sentence with the mean gain in percentage points; nil
    /// without a baseline.
    ///
    /// A gain that is not larger than its standard error (the seeds' sample deviation over the root of their
    /// number) counts as none. One seed has no error to compare with: its gain counts, and its loss does not,
    /// since a single run proves no harm.
    var verdict: String? {
        guard let gain = SeedStatistic(gain.map { 100 * $0 }) else { return nil }
        let seeds = gain.count > 1 ? " over \(gain.count) seeds" : " with one seed"
        let error = (gain.deviation ?? 0) / Double(gain.count).squareRoot()
        let spread = gain.deviation.map { " ± \(Format.fixed($0, 2))" } ?? ""
        let points = "\(DistillResult.signed(gain.mean))\(spread) points of accuracy\(seeds)"
        if gain.mean > error { return "\(model): distillation helps, \(points)" }
        if gain.mean < -error, self.gain.count > 1 {
            return "\(model): distillation does not help, it harms: \(points)"
        }
        return "\(model): distillation does not help: \(points)"
    }
}
