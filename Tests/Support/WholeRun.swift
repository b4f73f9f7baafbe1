import Foundation
package import Testing

extension Tag {
    /// Suites of whole runs, with ranks as threads: seconds instead of milliseconds. They catch everything and locate nothing.
    @Tag package static var wholeRun: Self
}

extension Trait where Self == ConditionTrait {
    /// Skips a suite where `FEDMPI_TESTS` is `quick`, as `scripts/test-target` sets it: `swift test` cannot skip by tag.
    package static var unlessQuick: Self {
        .disabled(if: ProcessInfo.processInfo.environment["FEDMPI_TESTS"] == "quick", "a whole run")
    }
}
