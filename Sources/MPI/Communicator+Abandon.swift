extension Communicator {
    /// Keeps the communicator alive until the process ends, so that it is never freed; its last use. Not collective.
    ///
    /// For a communicator with a dead member: something may be under way on it for ever, and freeing it may
    /// wait for all members. The cost is one leaked communicator per lost rank.
    public func abandon() {
        _ = Unmanaged.passRetained(self as AnyObject)
    }
}
