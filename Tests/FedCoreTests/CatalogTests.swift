import FedCore
import Testing

@Suite struct CatalogTests {
    struct Fruit: Sendable {
        let name: String
        var options: [String] = []
    }

    static func fruits(_ names: String...) -> Catalog<Fruit> {
        Catalog(
            "fruit", names.map { Fruit(name: $0) }, name: { $0.name }, usage: { $0.name == "fig" ? ":TREE" : "" },
            summary: { "a " + $0.name },
            reading: { (fruit, reader: inout OptionReader) throws(ConfigurationError) in
                for option in fruit.options { _ = reader.text(option) }
            })
    }

    @Test func `An entry that is added is found and listed, behind the others or before one of them`() throws {
        var catalog = Self.fruits("apple", "fig")
        try catalog.add(Fruit(name: "plum"))
        try catalog.add(Fruit(name: "2-pears"), before: "fig")
        #expect(catalog.names == ["apple", "2-pears", "fig", "plum"])
        #expect(catalog.choices == ["apple", "2-pears", "fig:TREE", "plum"])
        #expect(try catalog.entry(named: "plum").name == "plum")
        #expect(catalog.find("cherry") == nil && !catalog.contains("cherry"))
    }

    @Test func `An unknown name is answered with what there is, the added too, and the nearest`() throws {
        var catalog = Self.fruits("apple")
        try catalog.add(Fruit(name: "orange"))
        let expected = ConfigurationError(
            "unknown fruit 'ornage'; did you mean 'orange'?")
        #expect(throws: expected) { try catalog.entry(named: "ornage") }
    }

    @Test(arguments: [
        ("apple", "fruit 'apple' cannot be added: there is one of this name"),
        ("", "fruit '' cannot be added: a name has small letters, digits and hyphens"),
        ("red:apple", "fruit 'red:apple' cannot be added: a name has small letters, digits and hyphens"),
        ("Äpfel", "fruit 'Äpfel' cannot be added: a name has small letters, digits and hyphens"),
    ]) func `A name that is taken, or that no command line could have, is refused`(name: String, message: String) {
        var catalog = Self.fruits("apple")
        #expect(throws: ConfigurationError(message)) { try catalog.add(Fruit(name: name)) }
        #expect(catalog.names == ["apple"])
    }

    @Test func `An entry cannot come before one that is not there`() {
        var catalog = Self.fruits("apple")
        #expect(throws: ConfigurationError.self) { try catalog.add(Fruit(name: "plum"), before: "fig") }
        #expect(catalog.names == ["apple"])
    }

    @Test func `A copy that is added to leaves the other as it was`() throws {
        let catalog = Self.fruits("apple")
        var copy = catalog
        try copy.add(Fruit(name: "plum"))
        #expect(catalog.names == ["apple"])
    }

    @Test func `What is made has taken its options, and others are refused by its name`() throws {
        let catalog = Self.fruits("apple")
        func colour(_ options: NamedOptions) throws(ConfigurationError) -> String {
            try catalog.make("apple", options) { (fruit, reader) throws(ConfigurationError) in
                fruit.name + (reader.text("colour") ?? "")
            }
        }
        #expect(try colour(["colour": "red"]) == "applered")
        let refusal = ConfigurationError(
            "fruit 'apple' has no option 'color'; did you mean 'colour'?")
        #expect(throws: refusal) { try colour(["color": "red"]) }
    }

    @Test func `Descriptions have each entry's options`() throws {
        var catalog = Self.fruits("fig")
        try catalog.add(Fruit(name: "plum", options: ["size"]))
        let descriptions = catalog.descriptions
        #expect(descriptions.map(\.name) == ["fig", "plum"] && descriptions.map(\.usage) == [":TREE", ""])
        #expect(descriptions.map(\.summary) == ["a fig", "a plum"] && descriptions.allSatisfy { $0.kind == "fruit" })
        #expect(descriptions[1].options.map(\.name) == ["size"] && descriptions[0].options.isEmpty)
    }
}
