import FedCore
import Testing

@Suite struct ClientWidthsTests {
    @Test func `Widths are read in any order, equally frequent or with shares`() throws {
        let equal = try ClientWidths("0.25, 1,0.5", seed: 1)
        #expect(equal.widths == [1, 0.5, 0.25])
        let third = 1.0 / 3
        #expect(equal.shares == [third, third, third])
        let shared = try ClientWidths("0.5:0.8, 1:0.2", seed: 1)
        #expect(shared.widths == [1, 0.5])
        #expect(shared.shares == [0.2, 0.8])
        #expect(try ClientWidths("1", seed: 1).widths == [1])
    }

    @Test(arguments: [
        "", "0", "1.5", "-1", "nan", "wide", "1,", "1,1", "1:0.5", "1:0.5,0.5", "1:0.5,0.5:0.6", "1:0.5:0.5",
        "1:0,0.5:1",
        "1;0.5",
    ])
    func `What are no widths is refused with the text in the message`(text: String) {
        let error = #expect(throws: ConfigurationError.self) { try ClientWidths(text, seed: 1) }
        #expect(error?.description.hasPrefix("--widths '\(text)'") == true)
    }

    /// 20,000 draws: four standard deviations of a share of 0.2 are 0.0113.
    @Test func `Clients have a width as often as its share says, and the same for ever`() throws {
        let widths = try ClientWidths("1:0.2, 0.5:0.7, 0.25:0.1", seed: 7)
        let drawn = (0..<20_000).map { widths.width(ofClient: $0) }
        for (width, share) in [0.2, 0.7, 0.1].enumerated() {
            let frequency = Double(drawn.count { $0 == width }) / Double(drawn.count)
            #expect(abs(frequency - share) < 0.014, "\(width): \(frequency)")
        }
        #expect(drawn == (0..<20_000).map { widths.width(ofClient: $0) })
        let others = try ClientWidths("1:0.2, 0.5:0.7, 0.25:0.1", seed: 8)
        #expect(drawn != (0..<20_000).map { others.width(ofClient: $0) })
    }
}
