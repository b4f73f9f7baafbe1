import Records
import Testing

@testable import fedmpi

/// Rows of rounds on narrow terminals.
struct RoundColumnsTests {
    @Test func `What every run measures fits eighty characters, titles and all`() {
        #expect(RoundColumns.width(of: RoundColumns.all) <= 80)
        #expect(RoundColumns.titles(RoundColumns.all).count == RoundColumns.width(of: RoundColumns.all))
    }

    @Test func `More columns take the place of what can be done without`() {
        let more = RoundColumns.all + [.init(title: "epsilon", width: 8, text: { _ in "1" })]
        let kept = RoundColumns.fitting(more, in: 80)
        #expect(
            kept.map(\.title) == [
                "round", "cohort", "train loss", "test loss", "accuracy", "KB up", "seconds", "epsilon",
            ])
        #expect(RoundColumns.fitting(more, in: 100).count == more.count)
        // Of a fleet's run, titles in two lines.
        let titles = ["simulated s", "simulated h", "could be asked", "simulated J"]
        let fleet = RoundColumns.fitting(
            RoundColumns.all + titles.map { title in .measured(title, text: { _ in "1" }) }, in: 80)
        #expect(
            RoundColumns.titles(fleet).split(separator: "\n", omittingEmptySubsequences: false) == [
                "                                     simulated  simulated  could be  simulated",
                "round   cohort  test loss  accuracy          s          h     asked          J",
            ])
        // The last ones stay, however narrow it is.
        #expect(
            RoundColumns.fitting(more, in: 10).map(\.title) == ["round", "test loss", "accuracy", "epsilon"])
    }
}
