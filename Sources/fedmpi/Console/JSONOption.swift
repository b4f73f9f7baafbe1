import ArgumentParser

/// The flag of commands that print one thing: for programs, one object instead of text. Errors are then events on standard output,
/// too (``Console/refusal(_:code:by:)``).
struct JSONOption: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print JSON instead of text: one object, or one per line.")
    var isOn = false

    /// Prints a result: the object where it is asked for, and the text otherwise.
    ///
    /// - Throws: `EncodingError` from the object.
    func print(_ object: some Encodable, _ text: @autoclosure () -> String) throws {
        Console.output(isOn ? try RunJSON.text(of: object) : text())
    }
}

/// A value as an event: its own keys, and `event` among them.
struct EventLine<Value: Encodable>: Encodable {
    /// What happened.
    let event: String
    /// What is told of it; encodes as an object.
    let value: Value

    /// Names the event.
    init(_ event: String, _ value: Value) { (self.event, self.value) = (event, value) }

    private enum Key: String, CodingKey { case event }

    func encode(to encoder: any Encoder) throws {
        try value.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(event, forKey: .event)
    }
}
