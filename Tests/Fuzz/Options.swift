import FedCore

/// The command line.
struct Options {
    var target = "all"
    var iterations = 20_000
    var seed: UInt64 = 1
    var first = 0
    var seconds = Double.infinity

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            guard let text = rest.popFirst() else { throw ConfigurationError("\(name) needs a value") }
            func number<Number: LosslessStringConvertible & Comparable>(atLeast least: Number) throws -> Number {
                guard let value = Number(text), value >= least else {
                    throw ConfigurationError("\(name) is \(text); it must be a number of at least \(least)")
                }
                return value
            }
            switch name {
            case "--target": target = text
            case "--iterations": iterations = try number(atLeast: 1)
            case "--seed": seed = try number(atLeast: 0)
            case "--first": first = try number(atLeast: 0)
            case "--seconds": seconds = try number(atLeast: 0)
            default:
                let choices = ["--target", "--iterations", "--seed", "--first", "--seconds"]
                throw ConfigurationError(unknown: "option", name, choices: choices)
            }
        }
        guard first + iterations <= Int(UInt32.max) else { throw ConfigurationError("inputs are numbered below 2^32") }
    }
}
