import FedCore
import Testing

@Suite struct ParameterLayoutTests {
    @Test func entriesFollowOneAnotherWithoutGaps() {
        let layout = ParameterLayout([
            ("0.weight", [16, 1, 3, 3]), ("0.bias", [16]), ("1.weight", [10, 144]), ("1.bias", [10]),
        ])
        #expect(layout.entries.map { $0.name } == ["0.weight", "0.bias", "1.weight", "1.bias"])
        #expect(layout.entries.map { $0.range } == [0..<144, 144..<160, 160..<1600, 1600..<1610])
        #expect(layout.entries.map { $0.count } == [144, 16, 1440, 10])
        #expect(layout.count == 1610)
    }

    @Test func aScalarHasOneElementAndNoParametersNone() {
        #expect(ParameterLayout([("scale", [])]).count == 1)
        #expect(ParameterLayout([]).count == 0)
    }
}
