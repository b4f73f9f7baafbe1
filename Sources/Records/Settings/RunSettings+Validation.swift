public import FedCore

extension RunSettings {
    /// Refuses values outside their ranges, naming the option and what it accepts, and values that do not go together.
    ///
    /// What plug-ins take is checked by their catalogs, which this target does not know.
    ///
    /// - Throws: `ConfigurationError` with the first thing that is wrong.
    public func validate() throws(ConfigurationError) {
        try checkGroups()
        _ = try learningRateSchedule
        for fault in inject { _ = try Fault(fault) }
    }
}
