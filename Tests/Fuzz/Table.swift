import Foundation

/// Prints the results as a table, a row when a target is done.
struct Table {
    private var inputs = 0

    init() {
        print("| target | inputs | refused | accepted, equal | accepted, different but valid | seconds | slowest, ms |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        fflush(nil)
    }

    mutating func add(_ result: Run.Result) {
        inputs += result.inputs
        let counts = [result.inputs, result.refused, result.equal, result.different].map(Self.grouped)
        let seconds = String(format: "%.1f", result.seconds)
        let slowest = String(format: "%.1f", result.slowestSeconds * 1e3)
        print("| \(result.name) | \(counts.joined(separator: " | ")) | \(seconds) | \(slowest) |")
        fflush(nil)
    }

    func finish() {
        print("\n\(Self.grouped(inputs)) inputs: no crash, no hang, no damage accepted silently")
    }

    /// With commas between thousands.
    private static func grouped(_ number: Int) -> String {
        let digits = String(number)
        return String(
            digits.enumerated().flatMap { offset, digit in
                offset > 0 && (digits.count - offset) % 3 == 0 ? [",", digit] : [digit]
            })
    }
}
