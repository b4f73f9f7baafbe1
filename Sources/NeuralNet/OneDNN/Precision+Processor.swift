public import FedCore

extension Precision {
    /// Refuses a precision that the processor cannot multiply in: it would be imitated, many times slower than single
    /// precision.
    /// - Throws: `ConfigurationError` that names the instructions that are missing.
    public func requireProcessor() throws(ConfigurationError) {
        guard self == .brainFloat, !OneDNNLibrary.multipliesBrainFloats else { return }
        throw ConfigurationError(
            "--precision bf16 needs a processor with AVX512-BF16 or AMX, and a rank's has \(OneDNNLibrary.instructionSet): "
                + "use f32")
    }
}
