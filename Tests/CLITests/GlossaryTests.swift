import Testing

@testable import fedmpi

@Suite struct GlossaryTests {
    @Test(arguments: [
        ("straggler", "Straggler. A client"), ("wait", "app s, MPI s, wait%."), ("EMD", "EMD. Σ"),
        ("joules", "Energy, joules."),
        ("battery", "Battery, charge."), ("jain", "worst 10 %"), ("epsilon", "ε (epsilon)"),
        ("cohort", "Round, cohort."),
    ])
    func `A word of a term finds it`(word: String, beginning: String) throws {
        let text = try #require(Glossary.text(word))
        #expect(text.hasPrefix(beginning), "\(text)")
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test func `Another word is in none, and is told the nearest`() throws {
        #expect(Glossary.text("nope") == nil)
        let topic = try #require(HelpTopic(["help", "stragler"]))
        let error = #expect(throws: (any Error).self) { try topic.text() }
        #expect("\(error.map { "\($0)" } ?? "")".contains("did you mean 'straggler'?"))
    }
}
