import FedCore
import Testing

/// Texts that others chose, on their way into a message, a folder, a shell, a table.
@Suite struct PrintableTextTests {
    @Test(
        arguments: [
            ("plain name-1.0", "plain name-1.0"), ("ünï ☃ 漢", "ünï ☃ 漢"), ("e\u{301}", "e\u{301}"),
            ("a\nb\tc", "a\\u{a}b\\u{9}c"), ("\u{1B}[31mred\u{7}", "\\u{1b}[31mred\\u{7}"),
            // One character with its mark, and a control code all the same.
            ("\u{9B}\u{301}2J", "\\u{9b}\u{301}2J"),
            // Right-to-left override; zero-width space; line separator; private use; DEL.
            ("a\u{202E}b\u{200B}\u{2028}\u{E000}\u{7F}", "a\\u{202e}b\\u{200b}\\u{2028}\\u{e000}\\u{7f}"),
        ])
    func `What cannot be shown is written out`(text: String, shown: String) {
        #expect(text.printable == shown)
        #expect((text.firstUnprintable == nil) == (text == shown))
    }

    @Test func `Lines stay lines where they are wanted`() {
        #expect("a\n\tb\r\u{1B}]0;x\u{7}".printableLines == "a\n\tb\\u000d\\u001b]0;x\\u0007")
    }

    @Test func `JSON keeps its value, and nothing in it moves a terminal's cursor`() {
        #expect(
            "{\n \"a\": \"ü\u{9B}2J\u{202E}\u{E0001}\"}".printableLines
                == "{\n \"a\": \"ü\\u009b2J\\u202e\\udb40\\udc01\"}")
    }

    @Test(
        arguments: [
            "", ".", "..", "/", "a/b", "../x",
            // To Swift this slash is another character, to the file system it is not.
            "..\u{2F}\u{301}x",
            "a\nb", "\u{1B}[2J", "a\u{202E}b", "a\u{0}b", String(repeating: "ä", count: 128),
        ])
    func `What is no folder's name is refused, in one line`(name: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try FolderName(name, option: "--run-name") }
        let text = try #require(error).description
        #expect(text.hasPrefix("--run-name ") && text.firstUnprintable == nil)
    }

    @Test(arguments: ["a", "DATA", "it's", "`x`", "$(x)", "ünï ☃", "...", "-x", String(repeating: "a", count: 255)])
    func `Any other is taken as it is`(name: String) throws {
        #expect(try FolderName(name, option: "--run-name").text == name)
    }

    /// As Python's `shlex.quote` has them, but for the quotes of `'`.
    @Test(
        arguments: [
            ("results/a-1", "results/a-1"), ("", "''"), ("a b", "'a b'"), ("$(touch x)", "'$(touch x)'"),
            ("it's", "'it'\\''s'"), ("~", "'~'"), ("`\u{301}", "'`\u{301}'"), ("ü", "'ü'"),
        ])
    func `A word that is pasted into a shell is one word`(text: String, word: String) {
        #expect(text.shellWord == word)
    }

    @Test(
        arguments: [
            ("a", "a"), ("", ""), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\""),
            ("a\r\u{1B}b", "a\\u000d\\u001bb"),
            ("a\"\u{301},", "\"a\"\"\u{301},\""),
            // Spreadsheets would compute these.
            ("=1+2", "'=1+2"), ("@SUM(A1)", "'@SUM(A1)"),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("-0.5", "-0.5"), ("+1e5", "+1e5"), ("-x", "'-x"),
        ])
    func `A cell is one cell, and no formula`(text: String, cell: String) {
        #expect(CSVLine.cell(text) == cell)
    }
}
