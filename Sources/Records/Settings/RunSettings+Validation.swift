public import FedCore

extension RunSettings {
    /// Refuses values outside their ranges, naming the option and what it accepts, and values that do not go together.
    public func validate() throws(ConfigurationError) {
        try checkGroups()
        _ = try learningRateSchedule
        for fault in inject { _ = try Fault(fault) }
    }
}
