import FedCore
import Foundation
import Testing

@Suite struct NamedOptionsTests {
    @Test func `A text is names and values between commas`() throws {
        #expect(try NamedOptions(parsing: "classes=2,minimum=5") == ["classes": "2", "minimum": "5"])
        #expect(try NamedOptions(parsing: "") == [:])
        #expect(try NamedOptions(parsing: "path=a=b,label=") == ["path": "a=b", "label": ""])
    }

    @Test func `A comma and a backslash of a value are escaped`() throws {
        #expect(try NamedOptions(parsing: #"path=a\,b\\c,x=1"#) == ["path": #"a,b\c"#, "x": "1"])
        let awkward: NamedOptions = ["a": #"1,2\"#, "b": #"\,="#, "c": "", "d": "plain"]
        #expect(try NamedOptions(parsing: awkward.description) == awkward)
    }

    @Test func `The description is in the order of the names`() {
        let options: NamedOptions = ["b": "2", "c": "3", "a": "1"]
        #expect("\(options)" == "a=1,b=2,c=3")
    }

    @Test(arguments: [
        ("classes", "'classes' is no option; write name=value,name=value"),
        ("=2", "'=2' is no option; write name=value,name=value"),
        ("a=1,", "'' is no option; write name=value,name=value"),
        ("a=1,a=2", "option 'a' is given twice; several values stand behind one another, a=A B"),
    ])
    func `What is no option is refused`(text: String, message: String) {
        #expect(throws: ConfigurationError(message)) { try NamedOptions(parsing: text) }
    }

    @Test func `JSON is one text`() throws {
        let options = try JSONDecoder().decode(NamedOptions.self, from: Data(#""a=1,\u0062=2""#.utf8))
        #expect(options == ["a": "1", "b": "2"])
        #expect(String(decoding: try JSONEncoder().encode(options), as: UTF8.self) == #""a=1,b=2""#)
        #expect(throws: ConfigurationError.self) {
            try JSONDecoder().decode(NamedOptions.self, from: Data(#""a""#.utf8))
        }
    }
}

@Suite struct OptionReaderTests {
    @Test func `Values have the type asked for, and absent ones their default`() throws {
        var reader = OptionReader(["n": "3", "mu": "0.5", "law": "power", "on": "yes", "path": "x"], of: "test")
        #expect(try reader.integer("n", default: 1, "at least 1") { $0 >= 1 } == 3)
        #expect(try reader.number("mu", default: Float(0), "at least 0") { $0 >= 0 } == 0.5)
        #expect(try reader.choice("law", default: "flat", of: ["flat", "power"]) == "power")
        #expect(try reader.flag("on") == true)
        #expect(reader.text("path") == "x")
        #expect(try reader.integer("m", default: 7, "anything") { _ in true } == 7)
        #expect(try reader.number("nu", default: 0.25, "anything") { _ in true } == 0.25)
        #expect(try reader.choice("shape", default: "flat", of: ["flat"]) == "flat")
        #expect(try reader.flag("off") == nil)
        #expect(reader.text("other") == nil)
        #expect(try reader.integer("count", "anything") { _ in true } == nil)
        try reader.finish()
    }

    @Test(arguments: ["1e-31", "-1e-40", "1e-300", "1e31", "-1e300"])
    func `A number whose size is no Float's is refused`(
        text: String
    ) {
        var reader = OptionReader(["x": text], of: "test")
        #expect(throws: ConfigurationError.self) {
            try reader.number("x", default: 1.0, "anything") { (_: Double) in true }
        }
    }

    @Test(arguments: ["0", "-1", "2.5", "many", "", "99999999999999999999"])
    func `A whole number out of range is refused`(text: String) {
        var reader = OptionReader(["n": text], of: "partition 'x'")
        let error = ConfigurationError("partition 'x': n is '\(text)'; it must be a whole number, at least 1")
        #expect(throws: error) { try reader.integer("n", default: 1, "at least 1") { $0 >= 1 } }
    }

    @Test(arguments: ["-0.1", "nan", "inf", "1e999", "a", ""])
    func `A number out of range, or not finite, is refused`(text: String) {
        var reader = OptionReader(["mu": text], of: "strategy 'x'")
        let error = ConfigurationError("strategy 'x': mu is '\(text)'; it must be a number, at least 0")
        #expect(throws: error) { try reader.number("mu", default: 1.0, "at least 0") { $0 >= 0 } }
    }

    @Test func `A word that is no choice is refused with the choices`() {
        var reader = OptionReader(["law": "none", "on": "maybe"], of: "x")
        #expect(throws: ConfigurationError("x: law is 'none'; it must be one of: a, b")) {
            try reader.choice("law", default: "a", of: ["a", "b"])
        }
        #expect(throws: ConfigurationError("x: on is 'maybe'; it must be true or false")) {
            try reader.flag("on")
        }
    }

    @Test func `What nobody asked for is refused with what was`() throws {
        var reader = OptionReader(["shardz": "2"], of: "partition 'shard'")
        #expect(throws: ConfigurationError("partition 'shard' takes no options, and was given 'shardz'")) {
            try reader.finish()
        }
        _ = reader.text("shards")
        _ = reader.text("seed")
        #expect(
            throws: ConfigurationError(
                "partition 'shard' has no option 'shardz'; did you mean 'shards'?")
        ) {
            try reader.finish()
        }
    }
}
