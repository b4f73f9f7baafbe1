import NeuralNet

/// What is to be said where variants in whole numbers of eight bits are timed on a processor that gains nothing by them.
enum IntegerNote {
    /// The note in a sentence; nil where the processor has what they need.
    static var text: String? {
        OneDNNLibrary.addsBytesExactly ? nil : text(instructions: OneDNNLibrary.instructionSet)
    }

    /// The note for a processor without VNNI.
    ///
    /// - Parameter instructions: its instruction set, as `fedmpi doctor` names it.
    static func text(instructions: String) -> String {
        "int8: this processor (\(instructions)) has no VNNI, which adds products of bytes, so int8 is computed in floats "
            + "here: it saves bytes, and may be slower than f32."
    }
}
