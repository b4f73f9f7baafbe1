import FedCore

/// The characters that a text is made of, numbered: Unicode scalars, at most 65,536.
struct CharacterVocabulary: Sendable {
    /// The characters of LEAF's Shakespeare, 80 of them in this order: `ALL_LETTERS` of `models/utils/language_utils.py`
    /// in https://github.com/TalwalkarLab/leaf (S. Caldas et al., *LEAF: A Benchmark for Federated Settings*, 2018,
    /// arXiv:1812.01097).
    static let leaf = "\n !\"&'(),-.0123456789:;>?ABCDEFGHIJKLMNOPQRSTUVWXYZ[]abcdefghijklmnopqrstuvwxyz}"

    /// Number of characters.
    var count: Int { names.count }
    /// What each character is called in tables: itself, or a word such as `space` where it cannot be seen.
    let names: [String]
    private let codes: [Unicode.Scalar: UInt16]

    /// Numbers characters in the order given; there may be no character twice.
    init(_ characters: some Sequence<Unicode.Scalar>) {
        names = characters.map { Self.name(of: $0) }
        codes = [Unicode.Scalar: UInt16](
            characters.enumerated().map { ($1, UInt16($0)) }, uniquingKeysWith: { first, _ in first })
    }

    /// Numbers characters by their names, as a trained model has them; nil when a name is none of a character.
    init?(names: [String]) {
        var characters: [Unicode.Scalar] = []
        for name in names {
            guard let character = Self.character(named: name) else { return nil }
            characters.append(character)
        }
        self.init(characters)
    }

    /// A character's number; nil when it is not in the vocabulary.
    func code(of character: Unicode.Scalar) -> UInt16? { codes[character] }

    /// The name of a character.
    private static func name(of character: Unicode.Scalar) -> String {
        switch character {
        case " ": "space"
        case _ where String(character).firstUnprintable != nil || character.properties.isWhitespace:
            "U+" + String(character.value, radix: 16, uppercase: true)
        default: String(character)
        }
    }

    /// The character of a name.
    private static func character(named name: String) -> Unicode.Scalar? {
        if name == "space" { return " " }
        let scalars = name.unicodeScalars
        if scalars.count == 1 { return scalars.first }
        return name.hasPrefix("U+") ? UInt32(name.dropFirst(2), radix: 16).flatMap { Unicode.Scalar($0) } : nil
    }
}
